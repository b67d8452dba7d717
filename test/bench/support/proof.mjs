/** @throws when an answer is not what the policies that are compared make of it: what is fast because it does less is no rival */
export async function prove(
  url,
  { caller, method = 'GET', demandsToken = true, hasEnvelope = true, hasPolicies = true },
) {
  const send = (headers) => fetch(url, { method, headers, ...(method === 'POST' ? { body: 'x' } : {}) });
  const answer = await send(caller.headers);
  const text = await answer.text();
  const faults = [];
  if (answer.status !== 200) faults.push(`answers ${answer.status}: ${text.slice(0, 200)}`);
  if (hasPolicies && answer.headers.get('access-control-allow-origin') !== caller.allowedOrigin) faults.push('CORS');
  if (hasPolicies && answer.headers.get('x-content-type-options') !== 'nosniff') faults.push('security headers');
  if (hasPolicies && demandsToken) {
    const refused = await send({ ...caller.headers, Authorization: `Bearer ${caller.token}x` });
    await refused.arrayBuffer();
    if (refused.status !== 401) faults.push(`answers ${refused.status} to a forged token`);
  }
  if (hasPolicies && hasEnvelope && !/"traceId":"[\da-f-]+"/.test(text)) faults.push('envelope');
  if (faults.length > 0) throw new Error(`${url}: ${faults.join('; ')}`);
}
