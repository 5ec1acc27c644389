/** What was done to each VM, and what may come of it: the one side of every comparison. */
import type { Fact } from './explain.ts';
import type { Guest, Member, Strategy, Text } from './fleet.ts';
import { NOTHING, type World } from './strategy-model.ts';

/** Something that may end an instance or reset its guest. */
export interface Done {
  /** Unix ms; `to` is infinite for as long as it can take effect. */
  readonly from: number;
  to: number;
  /** The instance it was done to, where that is known. */
  readonly uid?: string;
  /** Reasons of verdicts that it can bring about. */
  readonly ends: readonly string[];
  /** How often it can have made the guest boot again. */
  readonly resets: number;
  /** The guest may have been unable to obey. */
  readonly deafens: boolean;
  /** The guest is asked to shut down, to be started again in the same QEMU. */
  readonly softReboots: boolean;
  /** The guest's CPUs may stand still because of it. */
  readonly pauses: boolean;
}

export interface FileState {
  readonly member: Member;
  /** Undefined while there is no file. */
  text: Text | undefined;
  broken: boolean;
  revision: number;
  /** Strategies that commands may have written into the file since it was written last. */
  rewritten: Set<Strategy>;
}

export interface VmPage {
  readonly member: Member;
  readonly file: FileState;
  readonly done: Done[];
  /** Of this round. */
  facts: Fact[];
  /** How the VM may have stood when this round began. */
  worlds: readonly World[];
  /** The strategy that the API showed last. */
  shown: Strategy | undefined;
}

/** Reasons that say the guest ended by itself, as it always does. */
const BY_ITSELF: Readonly<Record<Guest, readonly string[]>> = {
  witness: [],
  slow: [],
  ignore: [],
  linux: [],
  'off-after': ['GuestShutdown'],
  panic: ['GuestPanicked'],
  watchdog: ['WatchdogExpired'],
};

export class Book {
  readonly pages: ReadonlyMap<string, VmPage>;
  /** While the disk was full, and a little longer. */
  readonly fills: { readonly from: number; to: number }[] = [];

  constructor(fleet: readonly Member[]) {
    this.pages = new Map(fleet.map((member) => [member.name, emptyPage(member)]));
  }

  page(vm: string): VmPage {
    const page = this.pages.get(vm);
    if (page === undefined) throw new Error(`${vm} is not in the fleet`);
    return page;
  }

  isFull(from: number, to: number): boolean {
    return this.fills.some((fill) => fill.from <= to && fill.to >= from);
  }

  /** What was done to the instance, or to the VM while it lived. */
  doneTo(vm: string, uid: string, from: number, to: number): readonly Done[] {
    return this.page(vm).done.filter((done) =>
      done.uid === undefined ? done.from <= to && done.to >= from : done.uid === uid,
    );
  }

  /** How often an instance can have booted its guest. */
  boots(vm: string, uid: string, from: number, to: number): number {
    return this.doneTo(vm, uid, from, to).reduce((sum, { resets }) => sum + resets, 1);
  }

  /** Reasons that the verdict on an instance may give. */
  reasons(
    vm: string,
    uid: string,
    from: number,
    to: number,
    deaths: readonly number[],
  ): ReadonlySet<string> {
    const { member } = this.page(vm);
    const done = this.doneTo(vm, uid, from, to);
    const full = this.isFull(from, to);
    // A Linux that boots once more hears nothing until it is up.
    const boots = member.guest === 'linux' && done.some(({ resets }) => resets > 0);
    // While there is no daemon, nobody asks the guest, and the clock of its stop goes on.
    const alone = deaths.some((at) => at >= from && at <= to);
    const deafened = done.some(({ deafens }) => deafens);
    const deaf = full || boots || alone || deafened || member.guest === 'ignore';
    const reasons = new Set([...BY_ITSELF[member.guest], ...done.flatMap(({ ends }) => ends)]);
    // A stop that overtakes a soft reboot finds a guest that has shut down without the stop.
    const overtaken = done.some(({ softReboots }) => softReboots) && reasons.has('ForcedOff');
    if (overtaken) reasons.add('GuestShutdown');
    if (!deaf) reasons.delete('GracePeriodExpired');
    if (full) reasons.add('LaunchFailed');
    return reasons;
  }
}

function emptyPage(member: Member): VmPage {
  return {
    member,
    file: { member, text: undefined, broken: false, revision: 0, rewritten: new Set() },
    done: [],
    facts: [],
    worlds: [NOTHING],
    shown: undefined,
  };
}
