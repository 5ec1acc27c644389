/** A patch that cannot be applied. Nothing of it is. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  /** `malformed`: it is no patch. `failed`: it does not fit the object. */
  readonly kind: 'malformed' | 'failed';

  constructor(kind: PatchError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
