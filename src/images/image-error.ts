/** An image cannot be had, kept or removed. */

/** The message names the image or file, what was found, and what would be right; `hint` says what to do next. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options);
    this.hint = options.hint;
  }
}
