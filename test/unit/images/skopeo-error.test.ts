import { expect, test } from 'vitest';
import { skopeoError } from '../../../src/images/skopeo-words.ts';

/** As skopeo 1.9 and 1.18 say it. */
test.for([
  ['reading manifest 2 in host/x: manifest unknown: manifest unknown', /there is no such image/],
  ['requested access to the resource is denied', /without a login, or has no such image/],
  ['unable to retrieve auth token: invalid username/password: unauthorized', /without a login/],
  ['Get "https://h/v2/": http: server gave HTTP response to HTTPS client', /speaks plain HTTP/],
  ['tls: failed to verify certificate: x509: unknown authority', /certificate does not hold/],
  ['Digest did not match, expected sha256:1, got sha256:2', /not what its digest says/],
  ['Manifest does not match provided manifest digest sha256:1', /not what its digest says/],
  ['untarring file "x": unexpected EOF', /it is cut short/],
  ['dial tcp 127.0.0.1:1: connect: connection refused', /cannot be reached/],
  ['dial tcp: lookup h on 10.0.0.1:53: no such host', /cannot be reached/],
  ['open /etc/containers/policy.json: no such file or directory', /no policy for signatures/],
  ['something new', /^web: skopeo says: something new$/],
  ['dial tcp 10.0.0.1:443: connect: operation not permitted', /cannot be reached/],
  ['dial tcp: lookup h on [::1]:53: server misbehaving', /cannot be reached/],
  ['received unexpected HTTP status: 503 Service Unavailable', /does not answer at present/],
  ['toomanyrequests: You have reached your pull rate limit', /does not answer at present/],
] as const)('%s', ([words, meaning]) => {
  expect(skopeoError('web', words).message).toMatch(meaning);
  expect(skopeoError('web', words).message).toContain(words);
});

/** A registry that is away keeps no guest down whose image is here; one that refuses does. */
test.for([
  ['manifest unknown', 'absent'],
  ['unauthorized', 'denied'],
  ['Digest did not match, expected sha256:1, got sha256:2', 'damaged'],
  ['connect: connection refused', 'away'],
  ['connect: operation not permitted', 'away'],
  ['dial tcp 10.0.0.1:443: i/o timeout', 'away'],
  ['received unexpected HTTP status: 502 Bad Gateway', 'away'],
  ['something new', 'other'],
] as const)('%s is %s', ([words, trouble]) => {
  expect(skopeoError('web', words).trouble).toBe(trouble);
});

test('a connection that is not allowed points to where that is said', () => {
  const { hint } = skopeoError('web', 'connect: operation not permitted');
  expect(hint).toContain('docs/systemd.md, "Downloads"');
});
