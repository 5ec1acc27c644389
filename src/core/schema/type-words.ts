/** What is said of a type of KubeVirt's and of its fields. */

export interface TypeWords {
  readonly about: string;
  readonly fields: Readonly<Record<string, FieldWords>>;
}

/** Sentences, and with them what is assumed without the field, where that is one value. */
export type FieldWords =
  | string
  | { readonly text: string; readonly default: string | number | boolean };
