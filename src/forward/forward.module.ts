import { Module } from '@nestjs/common';
import { Upstreams } from './upstream/upstreams.js';

@Module({ providers: [Upstreams], exports: [Upstreams] })
export class ForwardModule {}
