import type { Socket } from 'node:net';
import { SocketReader } from './socket-reader.js';

const MAX_CHARACTERS = 16_384;

/** The few commands of SMTP (RFC 5321) that ask a server what it can, and send nothing. */
export class SmtpDialog {
  private readonly reader: SocketReader;
  private received = '';

  constructor(private readonly socket: Socket) {
    this.reader = new SocketReader(socket);
  }

  /** Waits for the server's first words. @throws Error that says what came instead */
  async greet(): Promise<void> {
    await this.read('220');
  }

  /** Says EHLO; the extensions that are offered, in upper case. @throws Error that says what came instead */
  async hello(): Promise<readonly string[]> {
    const lines = await this.ask('EHLO donna-gateway.invalid', '250');
    return lines.slice(1).map((line) => line.toUpperCase());
  }

  /** After this the socket is to be secured, and this dialog is over. @throws Error that says what came instead */
  async startTls(): Promise<void> {
    await this.ask('STARTTLS', '220');
    this.reader.release();
  }

  /** @throws Error that says what came instead */
  async quit(): Promise<void> {
    await this.ask('QUIT', '221');
  }

  private ask(command: string, code: string): Promise<readonly string[]> {
    this.socket.write(`${command}\r\n`);
    return this.read(code);
  }

  /** Reads one reply of one or more lines; gives their texts. */
  private async read(code: string): Promise<readonly string[]> {
    for (;;) {
      const reply = /^(?:\d{3}-[^\n]*\n)*(\d{3})(?: [^\n]*)?\r?\n/.exec(this.received);
      if (reply !== null) {
        this.received = this.received.slice(reply[0].length);
        if (reply[1] !== code) throw new Error(`it answers ${reply[1]} where ${code} is expected`);
        return reply[0].trimEnd().split('\n').map(textOf);
      }
      if (this.received.length > MAX_CHARACTERS || /^(?!\d{3}[ -])[^\n]*\n/.test(this.received))
        throw new Error('what answers there is no mail server');
      const chunk = await this.reader.next();
      if (chunk === undefined) throw new Error('it closes the connection');
      this.received += chunk.toString('latin1');
    }
  }
}

function textOf(line: string): string {
  return line.slice(4).trimEnd();
}
