// The headers every file of the site is served with, in one place: the test server sends them, tools/dist.mjs writes
// them in the words of the common hosts, and index.html's meta element must say the same policy.

/** The Content-Security-Policy of the meta element. */
export const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'";

/** The policy as a header, with what a meta element cannot say. */
export const CSP_HEADER = `${CSP}; frame-ancestors 'none'`;

/** Sent with every file. */
export const SECURITY_HEADERS = {
  "Content-Security-Policy": CSP_HEADER,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "bluetooth=(self), serial=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

/** File names that carry a hash of their content never change; all others are asked for again each time. */
export const HASHED_NAME = /-[0-9a-f]{8,}(_bg)?\.(js|wasm|css)$/;
export const CACHE_FOREVER = "public, max-age=31536000, immutable";
export const CACHE_ASK = "no-cache";

export const MIME_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".onnx": "application/octet-stream",
  ".ftl": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".txt": "text/plain; charset=utf-8",
};
