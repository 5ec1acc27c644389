/**
 * Text from a guest or from QEMU made harmless for terminals and logs: a guest's console can hold any byte
 * sequence, also one that rewrites the screen of whoever looks at it. Pure.
 */

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are the subject here
/** ECMA-48: control strings (OSC, DCS …) up to their terminator, CSI sequences, then other escape sequences. */
const ESCAPES =
  /\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g;
/** C0 and C1 without newline and tab. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

/** What a terminal would have shown, roughly: without escape sequences and control characters. */
export function stripTerminalCodes(text: string): string {
  return text
    .replace(ESCAPES, '')
    .replace(/\r+\n?/g, '\n')
    .replace(CONTROLS, '');
}

/** Nothing is lost: control characters are written out as `\xNN`. */
export function escapeControls(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(CONTROLS, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
