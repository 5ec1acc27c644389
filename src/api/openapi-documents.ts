/** The documents themselves: OpenAPI 2.0 for the whole API, OpenAPI 3.0 for each group and version. Pure. */
import type { Json, JsonObject } from '../core/model/json.ts';
import type { ObjectType } from '../core/schema/schema.ts';
import { STATUS } from './contract-schema-meta.ts';
import type { Operation, Payload } from './openapi-operations.ts';
import type { Parameter } from './openapi-parameters.ts';
import { ANYTHING, type Dialect, definitions, refTo, schemaOf } from './openapi-schemas.ts';

const TITLE = 'solovirt: the KubeVirt API of one host';

export function openApiV2(operations: readonly Operation[], version: string): JsonObject {
  return {
    swagger: '2.0',
    info: { title: TITLE, version },
    paths: pathsOf(operations, operationV2),
    definitions: definitions(typesOf(operations), 'v2'),
  };
}

/** One document for each tag of the operations, by tag. */
export function openApiV3(
  operations: readonly Operation[],
  version: string,
): ReadonlyMap<string, JsonObject> {
  const tags = [...new Set(operations.map(({ tag }) => tag))].toSorted();
  return new Map(
    tags.map((tag) => {
      const own = operations.filter((operation) => operation.tag === tag);
      const document = {
        openapi: '3.0.0',
        info: { title: TITLE, version },
        paths: pathsOf(own, operationV3),
        components: { schemas: definitions(typesOf(own), 'v3') },
      };
      return [tag, document];
    }),
  );
}

function pathsOf(
  operations: readonly Operation[],
  write: (operation: Operation) => JsonObject,
): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const operation of operations) {
    const item = paths[operation.path] ?? {};
    item[operation.method] = write(operation);
    paths[operation.path] = item;
  }
  return paths;
}

function typesOf(operations: readonly Operation[]): readonly ObjectType[] {
  return [STATUS, ...operations.flatMap(({ body, answer }) => [body?.type, answer.type])].filter(
    (type) => type !== undefined,
  );
}

function common({ id, summary, tag, on }: Operation): JsonObject {
  return {
    operationId: id,
    description: summary,
    tags: [tag],
    ...(on && {
      // The verb of a single object is called so in Kubernetes' documents.
      'x-kubernetes-action':
        on.action === 'update' ? 'put' : on.action === 'create' ? 'post' : on.action,
      'x-kubernetes-group-version-kind': {
        group: on.group,
        kind: on.kind,
        version: on.version,
      },
    }),
  };
}

function operationV2(operation: Operation): JsonObject {
  const { body, answer } = operation;
  const bodies: readonly Json[] =
    body === undefined ? [] : [{ in: 'body', name: 'body', schema: payload(body, 'v2') }];
  return {
    ...common(operation),
    ...(body && { consumes: body.mediaTypes }),
    produces: answer.mediaTypes,
    parameters: [
      ...operation.parameters.map((parameter) => ({
        ...parameterHead(parameter),
        ...schemaOf(parameter.schema, 'v2'),
      })),
      ...bodies,
    ],
    responses: {
      [answer.code]: { description: 'Done', schema: payload(answer, 'v2') },
      default: { description: 'Refused or failed', schema: refTo(STATUS, 'v2') },
    },
  };
}

function operationV3(operation: Operation): JsonObject {
  const { body, answer } = operation;
  return {
    ...common(operation),
    parameters: operation.parameters.map((parameter) => ({
      ...parameterHead(parameter),
      schema: schemaOf(parameter.schema, 'v3'),
    })),
    ...(body && { requestBody: { content: content(body) } }),
    responses: {
      [answer.code]: { description: 'Done', content: content(answer) },
      default: {
        description: 'Refused or failed',
        content: content({ type: STATUS, mediaTypes: ['application/json'] }),
      },
    },
  };
}

function parameterHead({ in: where, name, description }: Parameter): JsonObject {
  return { in: where, name, description, ...(where === 'path' && { required: true }) };
}

function content(of: Payload): JsonObject {
  return Object.fromEntries(of.mediaTypes.map((type) => [type, { schema: payload(of, 'v3') }]));
}

function payload({ type, mediaTypes }: Payload, dialect: Dialect): Json {
  if (type !== undefined) return refTo(type, dialect);
  return mediaTypes.some((media) => media.includes('json')) ? ANYTHING : { type: 'string' };
}
