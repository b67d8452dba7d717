// What the bench tells a peer, through its environment.
const { PORT, UPSTREAM, JWT_SECRET, ALLOWED_ORIGIN, LEAN } = process.env;

export const settings = {
  port: Number(PORT),
  host: '127.0.0.1',
  /** Origin of what stands behind, such as http://127.0.0.1:9100. */
  upstream: UPSTREAM ?? 'http://127.0.0.1:9',
  secret: JWT_SECRET ?? '',
  allowedOrigin: ALLOWED_ORIGIN ?? '',
  /** Leave out what the peer can only do dearly (the envelope), and let it remember tokens. */
  isLean: LEAN === '1',
  /** Requests a minute: never reached, always counted. */
  limit: 1_000_000_000,
};
