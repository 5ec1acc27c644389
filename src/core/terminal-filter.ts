/**
 * Keeps a guest from driving the user's terminal: its console may hold any escape sequence
 * (ECMA-48), also ones that retitle, reprogram or answer back. Text, tabs and line ends pass, colours if asked for.
 */

const ESC = '\u001b';
const BEL = '\u0007';
/** They make text read in another order than it was written (Unicode UAX #9); letters alone show right without. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;
/** Longest parameter text of a colour sequence that is passed on. */
const MAX_PARAMETERS = 64;

type State = 'text' | 'escape' | 'control' | 'string' | 'string-escape';

/**
 * A filter for a stream in chunks: a sequence may be cut anywhere. With `colours`, SGR sequences and
 * carriage returns pass; all other sequences and control characters vanish.
 */
export function createTerminalFilter(options: {
  readonly colours: boolean;
}): (chunk: string) => string {
  let state: State = 'text';
  let parameters = '';

  const take = (char: string): string => {
    switch (state) {
      case 'text':
        state = opened(char) ?? 'text';
        parameters = '';
        return state === 'text' && passes(char, options.colours) ? char : '';
      case 'escape':
        state = afterEscape(char);
        return '';
      case 'control':
        return control(char);
      case 'string':
        // No string sequence spans lines: an unfinished one must not swallow the rest of the log.
        if (char === BEL || char === '\u009c' || char === '\n') state = 'text';
        else if (char === ESC) state = 'string-escape';
        return char === '\n' ? char : '';
      case 'string-escape':
        state = char === '\\' ? 'text' : 'string';
        return '';
    }
  };

  const control = (char: string): string => {
    if (char >= ' ' && char <= '?') {
      parameters += char;
      return '';
    }
    state = char === ESC ? 'escape' : 'text';
    const colour = char === 'm' && options.colours && parameters.length <= MAX_PARAMETERS;
    if (colour) return `${ESC}[${parameters}m`;
    return char === '\n' ? char : '';
  };

  return (chunk) => {
    let out = '';
    for (const char of chunk) out += take(char);
    return out;
  };
}

function opened(char: string): State | undefined {
  if (char === ESC) return 'escape';
  if (char === '\u009b') return 'control';
  if (char === '\u0090' || char === '\u009d') return 'string';
  return undefined;
}

function afterEscape(char: string): State {
  if (char === ESC) return 'escape';
  if (char === '[') return 'control';
  if (']PX^_'.includes(char)) return 'string';
  return char >= ' ' && char <= '/' ? 'escape' : 'text';
}

function passes(char: string, carriageReturn: boolean): boolean {
  if (char === '\n' || char === '\t') return true;
  if (char === '\r') return carriageReturn;
  if (BIDI_CONTROLS.test(char)) return false;
  return char >= ' ' && !(char >= '\u007f' && char <= '\u009f');
}

/** A text of several lines with all escape sequences and control characters taken out. */
export function plainText(text: string): string {
  return createTerminalFilter({ colours: false })(text);
}

/** The same as one line: for table cells and messages. */
export function singleLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').trim();
}
