// Loaded into a gateway (--import) that must fail the check: each request costs a loop of HMACs, an interim answer more on the wire (a write),
// and some memory. Proves that what the check counts, it counts.
import { createHmac } from 'node:crypto';
import { Server } from 'node:http';

const HASHES = 60;
const emit = Server.prototype.emit;

Server.prototype.emit = function emitDearly(event, req, res, ...rest) {
  if (event === 'request') {
    let text = req.url;
    for (let i = 0; i < HASHES; i++) text = createHmac('sha256', 'planted').update(text).digest('hex');
    req.planted = Array.from({ length: 2000 }, (_, i) => ({ i, text }));
    res.writeProcessing();
  }
  return emit.call(this, event, req, res, ...rest);
};
