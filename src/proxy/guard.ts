/**
 * Who may pass the proxy. A port of the loopback interface is open to every program of the host, to every guest with a
 * network interface, and through browsers to every page on the internet: so there is a token, and what a browser can be made
 * to send is told from what a client sends.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export interface Rules {
  /** Undefined: whoever reaches the port may pass. */
  readonly token: string | undefined;
  /** Names that this proxy is reached by, beside addresses and `localhost`. */
  readonly hosts: readonly string[];
  /** The only path that is let through. */
  readonly onlyPath: string | undefined;
}

export interface Attempt {
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Rejection {
  readonly code: 400 | 401 | 403;
  readonly reason: 'BadRequest' | 'Unauthorized' | 'Forbidden';
  readonly message: string;
}

/**
 * How a WebSocket client that can set no headers sends a token: as a protocol that it offers
 * (k8s.io/apiserver/pkg/authentication/request/websocket).
 */
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** Why the request is not let through; undefined when it is. */
export function rejection({ url, headers }: Attempt, rules: Rules): Rejection | undefined {
  if (!url.startsWith('/')) return badRequest('the request has to name a path of this proxy');
  const { host = '' } = headers;
  // A page of somebody else's, whose name was made to lead here (DNS rebinding).
  if (!isOurs(host, rules.hosts))
    return forbidden(
      `this proxy is not ${JSON.stringify(host)}: use localhost or its address, or start it with --address`,
    );
  if (isCrossSite(headers, host))
    return forbidden('requests from pages of other sites are refused');
  if (rules.token !== undefined && !holds(rules.token, tokensOf(headers)))
    return unauthorized('the token of this proxy is needed: Authorization: Bearer TOKEN');
  const [path] = url.split('?');
  if (rules.onlyPath !== undefined && path !== rules.onlyPath)
    return forbidden(`this proxy leads to ${rules.onlyPath} only`);
  return undefined;
}

/** An address cannot be made to lead elsewhere. */
function isOurs(host: string, names: readonly string[]): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return name === 'localhost' || isIP(name) !== 0 || names.includes(name);
}

/** Browsers say where a request comes from (RFC 6454; W3C Fetch Metadata); other clients do not. */
function isCrossSite(headers: IncomingHttpHeaders, host: string): boolean {
  const { origin } = headers;
  if (origin !== undefined && URL.parse(origin)?.host !== host.toLowerCase()) return true;
  return ['cross-site', 'same-site'].includes(String(headers['sec-fetch-site']));
}

function tokensOf(headers: IncomingHttpHeaders): readonly string[] {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const offered = protocolsOf(headers)
    .filter((protocol) => protocol.startsWith(BEARER_PROTOCOL))
    .map((protocol) =>
      Buffer.from(protocol.slice(BEARER_PROTOCOL.length), 'base64url').toString('utf8'),
    );
  return bearer === undefined ? offered : [bearer, ...offered];
}

function protocolsOf(headers: IncomingHttpHeaders): readonly string[] {
  const header = headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/** Takes as long for a wrong token as for the right one. */
function holds(token: string, given: readonly string[]): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return given.some((one) => timingSafeEqual(digest(one), digest(token)));
}

/** Those of one connection (RFC 9110, 7.6.1), and `expect`, which has been answered. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** The headers that go on: the token is for this proxy alone. */
export function forwarded(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && name !== 'authorization',
  );
  const offered = protocolsOf(headers);
  const protocols = offered.filter((protocol) => !protocol.startsWith(BEARER_PROTOCOL));
  if (protocols.length === offered.length) return Object.fromEntries(kept);
  const rest = kept.filter(([name]) => name !== 'sec-websocket-protocol');
  return {
    ...Object.fromEntries(rest),
    ...(protocols.length === 0 ? {} : { 'sec-websocket-protocol': protocols.join(', ') }),
  };
}

function badRequest(message: string): Rejection {
  return { code: 400, reason: 'BadRequest', message };
}

function unauthorized(message: string): Rejection {
  return { code: 401, reason: 'Unauthorized', message };
}

function forbidden(message: string): Rejection {
  return { code: 403, reason: 'Forbidden', message };
}
