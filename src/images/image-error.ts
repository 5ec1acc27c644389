/** An image cannot be had, kept or removed. */

/** What stands between an image and this host, for who has to act on it. */
export type ImageTrouble =
  /** The registry has answered, and has no such image. */
  | 'absent'
  | 'denied'
  | 'damaged'
  /** Nothing has answered, or only that it cannot answer now. */
  | 'away'
  | 'no-program'
  | 'other';

/** The message names the image or file, what was found, and what would be right; `hint` says what to do next. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly hint: string | undefined;
  readonly trouble: ImageTrouble;

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly hint?: string | undefined;
      readonly trouble?: ImageTrouble;
    } = {},
  ) {
    super(message, options);
    this.hint = options.hint;
    this.trouble = options.trouble ?? 'other';
  }
}
