import { gatewayCommand } from '../command.js';
import { noMore } from '../read-arguments.js';

/** `trace`: a request's way, step by step. */
export const traceCommand = gatewayCommand(
  {
    name: 'trace',
    summary: "a request's way step by step, by the X-Trace-Id of its answer",
    about: 'The way of a request step by step with its times, as the instance that answers remembers it.',
    usage: [
      ['', 'the last requests'],
      ['4bf92f3577b34da6a3ce929d0e0e4736', 'one, by the X-Trace-Id of its answer'],
    ],
    options: {},
    read: ([id, ...more]) => {
      noMore(more);
      if (id !== undefined && !/^[\w-]{8,64}$/.test(id))
        throw new Error('A trace id is what stands in the header X-Trace-Id: 8 to 64 letters, digits, - and _');
      return { traceId: id };
    },
  },
  async () => (await import('../trace-work.js')).showTrace,
);
