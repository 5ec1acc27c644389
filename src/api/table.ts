/** Server-side tables (`metav1.Table`): what `kubectl get` prints. Pure. */
import type { ListMeta } from './list.ts';
import type { Form } from './negotiate.ts';
import type { ApiObject } from './source.ts';

export interface TableColumn<T> {
  readonly name: string;
  readonly type: 'string' | 'integer';
  /** `name`: the column that names the object. */
  readonly format?: 'name';
  readonly description: string;
  /** Shown by `kubectl get -o wide` only. */
  readonly wide?: true;
  /** @param now Unix ms */
  readonly cell: (object: T, now: number) => string | number;
}

export type TableForm = Extract<Form, { kind: 'table' }>;

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: Partial<ListMeta>;
  readonly columnDefinitions: readonly object[];
  readonly rows: readonly object[];
}

/** @param versionOf makes the object that of the path's API version */
export function tableOf<T extends ApiObject>(
  columns: readonly TableColumn<T>[],
  items: readonly T[],
  options: {
    readonly form: TableForm;
    readonly metadata: Partial<ListMeta>;
    readonly now: number;
    readonly versionOf: (object: T) => object;
  },
): Table {
  const { form, metadata, now, versionOf } = options;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata,
    columnDefinitions: columns.map(definition),
    rows: items.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      ...includedObject(form, object, versionOf),
    })),
  };
}

function definition<T>({ name, type, format, description, wide }: TableColumn<T>): object {
  return { name, type, format: format ?? '', description, priority: wide === true ? 1 : 0 };
}

function includedObject<T extends ApiObject>(
  { include, version }: TableForm,
  object: T,
  versionOf: (object: T) => object,
): object {
  switch (include) {
    case 'None':
      return {};
    case 'Metadata':
      return { object: metadataOf(object, version) };
    case 'Object':
      return { object: versionOf(object) };
  }
}

/** `metav1.PartialObjectMetadata`. */
export function metadataOf({ metadata }: Pick<ApiObject, 'metadata'>, version: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}
