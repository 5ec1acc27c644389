/**
 * What a viewer of a serial console is shown of the past. Old escape sequences would move the cursor of a terminal that
 * is not where it was, and some make a terminal answer, which the guest would take for typing: all but colours go.
 */
import { createTerminalFilter } from './terminal-filter.ts';

/** @param isCut more was said before: the first line may be a part of one, and is left out */
export function scrollback(earlier: string, isCut: boolean): string {
  const from = isCut ? earlier.indexOf('\n') + 1 : 0;
  return createTerminalFilter({ colours: true })(earlier.slice(from));
}
