/**
 * `kubectl auth can-i`: whoever reaches the socket may do all that it serves, and nothing else can be done. Shapes are
 * those of `authorization.k8s.io/v1`.
 */
import { asObject } from '../core/model/json.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import { RESOURCES } from './resources.ts';
import type { Route } from './route.ts';
import { match } from './router.ts';

const BASE = '/apis/authorization.k8s.io/v1';

/** @param rows every other route of the socket */
export function accessReviewRoutes(rows: readonly Route[]): readonly Route[] {
  const served = rows.filter(({ refusal }) => refusal !== true);
  return [
    {
      method: 'POST',
      path: `${BASE}/selfsubjectaccessreviews`,
      handle: (request) => review(request, (spec) => accessTo(served, spec)),
    },
    {
      method: 'POST',
      path: `${BASE}/selfsubjectrulesreviews`,
      handle: (request) => review(request, () => rules()),
    },
  ];
}

type Fields = Readonly<Record<string, unknown>>;

async function review(request: ApiRequest, answer: (spec: Fields) => object): Promise<Reply> {
  const { kind, spec } = asObject(await bodyOf(request));
  if (typeof kind !== 'string' || typeof spec !== 'object' || spec === null)
    throw new ApiError('a review needs a kind and a spec', { code: 400 });
  const asked = asObject(spec);
  const head = { apiVersion: 'authorization.k8s.io/v1', kind, metadata: {} };
  return json({ ...head, spec: asked, status: answer(asked) }, 201);
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

async function bodyOf({ contentType, text, body }: ApiRequest): Promise<unknown> {
  if (contentType !== PROTOBUF) return body;
  const { decodeReview } = await import('./protobuf-review.ts');
  return decodeReview(Buffer.from(text, 'latin1'));
}

function accessTo(rows: readonly Route[], spec: Fields): object {
  const resource = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  if (resource !== undefined) return verdictOn(isServed(rows, asObject(resource)));
  if (path !== undefined) return verdictOn(isPathServed(rows, asObject(path)));
  throw new ApiError('spec needs resourceAttributes or nonResourceAttributes', { code: 400 });
}

function verdictOn(allowed: boolean): object {
  return allowed
    ? { allowed, reason: 'whoever reaches this socket may do all that it serves' }
    : { allowed, reason: 'solovirt does not serve this' };
}

const METHODS: Readonly<Record<string, Route['method']>> = {
  get: 'GET',
  head: 'GET',
  create: 'POST',
  post: 'POST',
  update: 'PUT',
  put: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

function isServed(rows: readonly Route[], asked: Fields): boolean {
  const word = (field: string): string => String(asked[field] ?? '');
  const verb = word('verb');
  const subresource = word('subresource');
  // kubectl leaves `virtualmachines.subresources.kubevirt.io` whole, for discovery tells no kind of these.
  const [plural = '', ...ofGroup] = word('resource').split('.');
  const group = word('group') || ofGroup.join('.');
  if (plural === '*') return true;
  if (subresource === '')
    return RESOURCES.some(
      (row) =>
        row.plural === plural &&
        (row.group === group || group === '*') &&
        (verb === '*' || row.verbs.some((served) => served === verb)),
    );
  const path = `/apis/${group}/v1/namespaces/default/${plural}/name/${subresource}`;
  const methods = verb === '*' ? Object.values(METHODS) : [METHODS[verb]];
  return methods.some(
    (method) => method !== undefined && match(rows, method, path).kind === 'route',
  );
}

function isPathServed(rows: readonly Route[], asked: Fields): boolean {
  const method = METHODS[String(asked['verb'] ?? '').toLowerCase()];
  return method !== undefined && match(rows, method, String(asked['path'] ?? '')).kind === 'route';
}

function rules(): object {
  return {
    resourceRules: [
      ...RESOURCES.map(({ group, plural, verbs }) => ({
        verbs,
        apiGroups: [group],
        resources: [plural],
      })),
      { verbs: ['get', 'update'], apiGroups: ['subresources.kubevirt.io'], resources: ['*'] },
    ],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
    incomplete: false,
  };
}
