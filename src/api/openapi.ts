/**
 * Serves what the API is like as OpenAPI documents. They are made when somebody asks for the first time, and kept:
 * they depend on the program alone.
 */
import { createHash } from 'node:crypto';
import { ApiError, type ApiRequest, type Reply } from './reply.ts';
import { look, type Route } from './route.ts';

/** As kube-openapi answers: clients ask for it with an `@`, which no media type may have (RFC 6838, 4.2). */
const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const INDEX = '/openapi/v3';

/** A document as it is sent. */
interface Sent {
  readonly body: string | Uint8Array;
  readonly contentType: string;
  /** Names the contents. */
  readonly hash: string;
}

interface Documents {
  readonly v2: Sent;
  readonly v2Protobuf: () => Promise<Sent>;
  readonly v3: ReadonlyMap<string, Sent>;
  readonly v3Index: Sent;
}

/** @param rows every other route of the socket */
export function openApiRoutes(rows: readonly Route[], version: string): readonly Route[] {
  let made: Promise<Documents> | undefined;
  const documents = (): Promise<Documents> => {
    made ??= makeDocuments([...rows, ...own], version);
    return made;
  };
  const part = async (request: ApiRequest, name: string): Promise<Reply> => {
    const found = (await documents()).v3.get(name);
    if (found === undefined)
      throw new ApiError(`there is no OpenAPI document ${name}; ${INDEX} lists them`, {
        code: 404,
      });
    return conditional(found, request);
  };
  const own: readonly Route[] = [
    look('/openapi/v2', async (request) => await negotiated(await documents(), request)),
    look(INDEX, async (request) => conditional((await documents()).v3Index, request)),
    look(`${INDEX}/:root`, (request) => part(request, request.params['root'] ?? '')),
    look(`${INDEX}/api/:version`, (request) => part(request, `api/${request.params['version']}`)),
    look(`${INDEX}/apis/:group/:version`, (request) =>
      part(request, `apis/${request.params['group']}/${request.params['version']}`),
    ),
  ];
  return own;
}

async function makeDocuments(rows: readonly Route[], version: string): Promise<Documents> {
  const { openApiV2, openApiV3 } = await import('./openapi-documents.ts');
  const { operationsOf } = await import('./openapi-operations.ts');
  const operations = operationsOf(rows);
  const document = openApiV2(operations, version);
  const v3 = new Map([...openApiV3(operations, version)].map(([tag, doc]) => [tag, sent(doc)]));
  const paths = [...v3].map(([tag, { hash }]) => [
    tag,
    { serverRelativeURL: `${INDEX}/${tag}?hash=${hash}` },
  ]);
  let protobuf: Promise<Sent> | undefined;
  return {
    v2: sent(document),
    v2Protobuf: () => {
      protobuf ??= import('./openapi-protobuf.ts').then(({ protobufOf }) => {
        const body = protobufOf(document);
        return { body, contentType: PROTOBUF_V2, hash: hashOf(body) };
      });
      return protobuf;
    },
    v3,
    v3Index: sent({ paths: Object.fromEntries(paths) }),
  };
}

function sent(document: object): Sent {
  const body = `${JSON.stringify(document)}\n`;
  return { body, contentType: 'application/json', hash: hashOf(body) };
}

function hashOf(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex').toUpperCase();
}

/** `kubectl` asks for protobuf, people and generators for JSON. */
async function negotiated(documents: Documents, request: ApiRequest): Promise<Reply> {
  const found = /proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(request.accept)
    ? await documents.v2Protobuf()
    : documents.v2;
  return conditional(found, request);
}

/** Not sent again to a client that has it (RFC 9110, 13.1.2); one under the name of its contents never changes. */
function conditional({ body, contentType, hash }: Sent, request: ApiRequest): Reply {
  const etag = `"${hash}"`;
  const named = request.query.get('hash') === hash;
  const headers = {
    etag,
    vary: 'Accept',
    'cache-control': named ? 'public, immutable, max-age=31536000' : 'no-cache, private',
  };
  const known = request.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag) || known.includes('*'))
    return { kind: 'bytes', code: 304, contentType, body: '', headers };
  return { kind: 'bytes', code: 200, contentType, body, headers };
}
