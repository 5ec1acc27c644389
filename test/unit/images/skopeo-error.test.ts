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
] as const)('%s', ([words, meaning]) => {
  expect(skopeoError('web', words).message).toMatch(meaning);
  expect(skopeoError('web', words).message).toContain(words);
});
