/**
 * Sends the log to systemd's journal with its fields. What the journal does not take goes to the fallback, which
 * under systemd the journal reads too: no line is lost.
 */

import { journalEntry } from '../core/systemd/journal-entry.ts';
import type { LogLine } from '../core/systemd/journal-message.ts';
import { sendDatagram } from './datagram.ts';
import type { LogDestination } from './log-destination.ts';

const GONE = `${JSON.stringify({ level: 'warn', msg: 'the journal is gone; the log goes on here' })}\n`;

/**
 * @param fd datagram socket that is connected to the journal
 * @param fallback gets the JSON line as it is
 */
export function journalDestination(fd: number, fallback: LogDestination): LogDestination {
  let gone = false;
  return {
    write: (line) => {
      const parsed = gone ? undefined : parse(line);
      const result = parsed === undefined ? 'refused' : sendDatagram(fd, journalEntry(parsed));
      if (result === 'gone' && !gone) {
        gone = true;
        fallback.write(GONE);
      }
      if (result !== 'sent') fallback.write(line);
    },
  };
}

/** A line as `createLogger` writes it. */
function parse(line: string): LogLine | undefined {
  const { level, msg, time: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
  if (typeof level !== 'string' || typeof msg !== 'string') return undefined;
  return { level, msg, fields };
}
