/** The shell on the demo guest's console, for what only the guest can tell. */
import type { World } from './daemon-harness.ts';
import { dial, instancePath, type Session } from './web-socket.ts';

const PROMPT = 'solovirt-guest:/#';

/** UEFI takes longer to get to the kernel than a BIOS, and much longer on a busy host. */
const UP_MS = 120_000;

export interface GuestShell extends Disposable {
  /** Runs a command, perhaps more than once, and gives what it printed, on one line. */
  readonly run: (command: string) => Promise<string>;
  /** Types without waiting for an answer. */
  readonly type: (line: string) => void;
}

/** Waits until the demo guest is up, and presses Enter. */
export async function guestShell(world: World, name: string): Promise<GuestShell> {
  await world.untilStatus(name, 'Running');
  await world.untilConsole(name, 'Press Enter', UP_MS);
  const session = await dial(world, instancePath(name, 'console?scrollback=0'));
  // What is typed before the guest opens its console is lost.
  const enter = setInterval(() => session.send('\n'), 500);
  await session.said(PROMPT).finally(() => clearInterval(enter));
  // The kernel's own words would come in between.
  await answer(session, 'dmesg -n 1', 'quiet');
  let count = 0;
  return {
    run: async (command) => {
      count += 1;
      return await answer(session, command, `answer-${count}`);
    },
    type: (line) => session.send(`${line}\n`),
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}

/** The marks are taken apart in what is typed, for the guest says that back. */
async function answer(session: Session, command: string, mark: string): Promise<string> {
  const ask = (): void => session.send(`\necho "${mark}""<$(${command})>""${mark}"\n`);
  ask();
  // The shell's line editor can swallow what is typed while it asks the terminal for the cursor's position.
  const again = setInterval(ask, 5000);
  const between = new RegExp(`${mark}<([^>]*)>${mark}`);
  await session
    .until(`the answer to ${command}`, (text) => between.test(text))
    .finally(() => clearInterval(again));
  return between.exec(session.text)?.[1]?.replaceAll(/\s+/g, ' ').trim() ?? '';
}
