/**
 * Lines of QEMU's own log from some moment on. QEMU dates its messages (`-msg timestamp=on`: ISO 8601, UTC); a line
 * without a date goes with the one before it. Pure, but for what it remembers between chunks.
 */

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) /;

/**
 * A filter for a stream in chunks.
 * @param from Unix time in milliseconds
 * @param undated whether lines before the first date are wanted
 */
export function linesSince(from: number, undated: boolean): (chunk: string) => string {
  let wanted = undated;
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    let out = '';
    for (const line of lines) {
      const stamp = STAMP.exec(line)?.[1];
      if (stamp !== undefined) wanted = Date.parse(stamp) >= from;
      if (wanted) out += `${line}\n`;
    }
    return out;
  };
}
