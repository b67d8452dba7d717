import { Injectable } from '@nestjs/common';

/** Requests of one route's canary since this process started. */
export interface ArmCounts {
  control: number;
  candidate: number;
  /** Of the candidate's: the handler failed and PHP answered in its stead. */
  fallbacks: number;
}

/** Counts who answered canaries, in this process. */
@Injectable()
export class ArmCounters {
  private readonly routes = new Map<string, ArmCounts>();

  /** The counts of a route, to be counted up in place. There are as many as there were names of routes. */
  of(route: string): ArmCounts {
    const known = this.routes.get(route);
    if (known !== undefined) return known;
    const made: ArmCounts = { control: 0, candidate: 0, fallbacks: 0 };
    this.routes.set(route, made);
    return made;
  }
}
