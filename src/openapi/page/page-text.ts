// The documentation's page: markup, script and style, each a file of its own to the browser. What shows the document is Swagger UI.

/** @param root relative address of the gateway's root, seen from the page */
export function pageText(root: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>API documentation · Donna Gateway</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="swagger-ui.css">
<link rel="stylesheet" href="docs.css">
</head>
<body>
<main id="docs" data-document="${root}openapi.json"><noscript>The documentation needs JavaScript; the document itself is at
<a href="${root}openapi.json">openapi.json</a>.</noscript></main>
<script src="swagger-ui-bundle.js"></script>
<script src="docs.js"></script>
</body>
</html>
`;
}

/** Who authorizes reads the document anew: administrators are told more. A token that does not hold hides nothing. */
export const SCRIPT_TEXT = `'use strict';
(() => {
  const home = document.getElementById('docs');
  const url = new URL(home.dataset.document, location.href).href;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  paint();
  dark.addEventListener('change', paint);

  let ui;
  const tokenNow = () => {
    const bearer = ui?.getSystem().authSelectors.authorized()?.get('bearerAuth');
    return bearer === undefined ? undefined : bearer.get('value');
  };
  const show = async () => {
    const token = tokenNow();
    const ask = (headers) => fetch(url, { headers, credentials: 'same-origin' });
    let answer = token ? await ask({ Authorization: 'Bearer ' + token }) : await ask({});
    if (token && answer.status === 401) answer = await fetch(url, { credentials: 'omit' });
    if (!answer.ok) throw new Error('openapi.json: ' + answer.status);
    return answer.text();
  };
  const again = () => show().then((text) => ui.specActions.updateSpec(text)).catch(() => undefined);
  const afterwards = (original) => (payload) => {
    const result = original(payload);
    void again();
    return result;
  };
  const readAnew = () => ({
    statePlugins: {
      auth: { wrapActions: { authorizeWithPersistOption: afterwards, logoutWithPersistOption: afterwards } },
    },
  });

  ui = SwaggerUIBundle({
    url,
    domNode: home,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [readAnew],
    layout: 'BaseLayout',
    validatorUrl: null,
    queryConfigEnabled: false,
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    displayOperationId: true,
    displayRequestDuration: true,
    showExtensions: true,
    filter: true,
    withCredentials: true,
  });
})();
`;

export const STYLE_TEXT = `body { margin: 0; background: #fafafa; }
html.dark-mode, html.dark-mode body { background: #1c2022; }
.swagger-ui .wrapper { max-width: 1200px; }
.swagger-ui :focus-visible { outline: 3px solid #4990e2; outline-offset: 2px; }
`;
