/**
 * A line of the log as a sentence for people who read the journal. Pure.
 *
 * Values may come from guests and users: control characters, with which a terminal could be driven (ECMA-48), are
 * written out as `\xNN`. Newlines stay, for journalctl indents what follows them.
 */

/** One line of the log: the constant message and everything variable. */
export interface LogLine {
  /** `debug`, `info`, `warn`, `error` */
  readonly level: string;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The journal's MESSAGE. */
export function messageOf({ msg, fields }: LogLine): string {
  return escapeControls(`${subject(fields)}${sentence(msg, fields)}`);
}

/** Nothing is lost: control characters other than newline and tab are written out. */
export function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** The VM that the line is about, without the namespace that most have. */
function subject({ vm }: LogLine['fields']): string {
  if (typeof vm !== 'string') return '';
  return `${vm.replace(/^default\//, '')}: `;
}

function sentence(msg: string, fields: LogLine['fields']): string {
  switch (msg) {
    case 'pass':
      return passSentence(fields);
    case 'event':
      return [fields['event'], fields['note']].map(words).join(' – ');
    case 'trouble':
      return words(fields['trouble']);
    default:
      return plainSentence(msg, fields);
  }
}

/** `start – Always, not run yet: to be started`; the end of an instance with its verdict. */
function passSentence(fields: LogLine['fields']): string {
  const { action, reason, outcome, verdict, retryAt } = fields;
  const judged = verdict === undefined ? '' : `: ${words(outcome)}, ${words(verdict)}`;
  const next = retryAt === undefined ? '' : `; next try at ${words(retryAt)}`;
  return `${words(action)} – ${words(reason)}${judged}${next}`;
}

/** `pass failed, to be tried again: no space left (file /run/x)` */
function plainSentence(msg: string, fields: LogLine['fields']): string {
  const { vm: _, error, ...rest } = fields;
  const details = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name} ${words(value)}`);
  const why = error === undefined ? '' : `: ${errorWords(error)}`;
  return `${msg}${why}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}

/** An error as the log serialises it: an object with a message. */
export function errorWords(error: unknown): string {
  const message = error instanceof Object && 'message' in error ? error.message : error;
  return words(message);
}

function words(value: unknown): string {
  if (value === undefined || value === null) return '?';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
