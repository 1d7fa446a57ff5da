import { createHash } from 'node:crypto';

const STYLE = `:root{color-scheme:light dark}
body{font:1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}
code{font:0.95em ui-monospace,monospace}dt{margin-top:.75rem}`;

/** The page at `/`: what answers here, and where to go on. */
export const HOME: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tallystick</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Tallystick</h1>
<p>A tamper-evident audit log. This server seals records and lets auditors search, read and verify them.</p>
<dl>
<dt><a href="/openapi.json">/openapi.json</a></dt><dd>The interface, for programs (OpenAPI 3.1).</dd>
<dt><a href="/v1/nodes">/v1/nodes</a></dt><dd>The logs here, their size and root.</dd>
<dt><a href="/v1/records?limit=10">/v1/records</a></dt><dd>Search; <code>POST</code> appends.</dd>
<dt><a href="/v1/checkpoint">/v1/checkpoint</a></dt><dd>The signed state of the log.</dd>
<dt><a href="/healthz">/healthz</a></dt><dd>Whether a record would be accepted.</dd>
</dl>
</main>
</body>
</html>
`;

/** The page's own style and nothing else. */
export const HOME_POLICY: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
