/** What a route has of its upstream's places. */
export class RouteShare {
  /** The most places that it may have. */
  max = 0;
  /** What the route table says of it. */
  own: number | undefined;
  /** Whether the route table in use knows it. */
  isListed = true;
  taken = 0;
  /** Who waits, longest first: called with a place. */
  readonly waiters = new Set<(place: Place) => void>();

  constructor(readonly route: string) {}
}

/** A call's place, until it is left. */
export class Place {
  private isHeld = true;

  constructor(
    private readonly share: RouteShare,
    private readonly onLeave: (share: RouteShare) => void,
  ) {}

  /** The call is over; a second time says nothing. */
  leave(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.onLeave(this.share);
  }
}
