// Never run: what .semgrep/rules.yml must find, one for each rule.
import { execSync } from 'node:child_process';
import { createHash } from 'node:crypto';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
export const planted = (text, element) => {
  eval(text);
  execSync(text);
  element.innerHTML = text;
  return createHash('md5');
};
