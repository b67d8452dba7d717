import { Global, Module } from '@nestjs/common';
import { RequestWatch } from '../metrics/index.js';
import { SecurityWatch } from './security-watch.js';
import { TrafficWatch } from './traffic-watch.js';
import { WatchClock } from './watch-clock.js';

@Global()
@Module({
  providers: [
    {
      provide: TrafficWatch,
      inject: [RequestWatch],
      useFactory: (requests: RequestWatch) => {
        const watch = new TrafficWatch();
        requests.add(watch.observe);
        return watch;
      },
    },
    {
      provide: SecurityWatch,
      inject: [RequestWatch],
      useFactory: (requests: RequestWatch) => {
        const watch = new SecurityWatch();
        requests.add(watch.observe);
        return watch;
      },
    },
    { provide: WatchClock, inject: [TrafficWatch], useFactory: (traffic: TrafficWatch) => new WatchClock(traffic) },
  ],
  exports: [SecurityWatch, TrafficWatch, WatchClock],
})
export class WatchModule {}
