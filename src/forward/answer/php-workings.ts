const MAX_SEARCH_BYTES = 65_536;
const SUCCESS = '"success"';

/** A path on the server, as it is or with JSON's `\/` and `\\`. */
const SERVER_FILE = String.raw`(?:(?:\\?\/)[^\s"'<>:*?|]{1,300}|[A-Za-z]:(?:\\\\|\\?\/)[^"'<>:*?|]{1,300})\.(?:php|inc|phtml|phar)`;

/** How PHP and its database layer word a failure. Each asks for more than a name, so that a text about PHP is none. */
const WORKINGS: readonly RegExp[] = [
  // PDO: SQLSTATE[42S02]: Base table or view not found
  /SQLSTATE\[[0-9A-Z]{5}\]/,
  // … in /var/www/html/x.php on line 3, … in /var/www/html/x.php:3
  new RegExp(String.raw`\bin ${SERVER_FILE}(?: on line |:)\d`),
  // #0 /var/www/html/x.php(3): query()
  new RegExp(String.raw`#\d+ ${SERVER_FILE}\(\d+\)`),
  // "file": "/var/www/html/x.php", "line": 3, as frameworks print an exception
  new RegExp(String.raw`"file"\s*:\s*"${SERVER_FILE}"\s*,\s*"line"\s*:\s*\d`),
  // failed to open stream: /var/www/html/x.php
  /\bfailed to open stream\b|\bYou have an error in your SQL syntax\b/i,
  /\\?\/var\\?\/www\\?\/[^\s"]{1,300}\.php\b/,
];

/** Whether a failure that PHP tells shows how PHP works within: SQL, a stack, a file of the server. */
export function showsWorkings(body: Buffer): boolean {
  const text = body.toString('latin1', 0, MAX_SEARCH_BYTES);
  return WORKINGS.some((pattern) => pattern.test(text));
}

/** Whether `"success": false` stands anywhere in it: asked first, of each answer, since it costs next to nothing. */
export function mentionsFailure(json: Buffer): boolean {
  for (let at = json.indexOf(SUCCESS); at !== -1; at = json.indexOf(SUCCESS, at + 1)) {
    if (/^\s*:\s*false/.test(json.toString('latin1', at + SUCCESS.length, at + SUCCESS.length + 32))) return true;
  }
  return false;
}

/** Whether a JSON object says that what it answers has failed. */
export function tellsFailure(json: Buffer): boolean {
  const { success } = JSON.parse(json.toString('utf8')) as { readonly success?: unknown };
  return success === false;
}
