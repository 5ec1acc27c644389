/** Carries out the schedule, and writes into the book what it does before it does it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, ask, commandPath, instancePath } from './api.ts';
import type { Done, VmPage } from './book.ts';
import { readConsole } from './console.ts';
import { effects, NOTHING_DONE, nameOf, type QemuDeed } from './effects.ts';
import type { Fact } from './explain.ts';
import { FileWriter } from './file-writer.ts';
import type { Strategy } from './fleet.ts';
import { readEvidence } from './judge.ts';
import { processesOf, type Qemu, qemusAmong } from './proc.ts';
import { command, press } from './qmp.ts';
import type { Action, HostDeed, InstanceVerb, Verb, VmDeed } from './schedule.ts';
import type { Stage } from './stage.ts';
import { Violation } from './story.ts';

export class Actor {
  readonly #stage: Stage;
  /** Deeds carried out, by kind. */
  readonly counts = new Map<string, number>();
  readonly #files: FileWriter;
  #over = false;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#files = new FileWriter(stage.place);
  }

  /** Nothing more is done. */
  stop(): void {
    this.#over = true;
  }

  /** @throws Violation when an answer is one that nobody should get */
  async act(action: Action): Promise<void> {
    if (this.#over) return;
    const { deed } = action;
    this.#stage.story.tell('action', {
      ...(action.vm === undefined ? {} : { vm: action.vm }),
      deed,
    });
    if (action.vm === undefined) await this.#toHost(action.deed);
    else await this.#toVm(action.vm, action.deed);
  }

  /** Writes every file that is broken or missing, as `strategy` says. */
  mend(strategy: (page: VmPage) => Strategy, which: (page: VmPage) => boolean): void {
    for (const page of this.#stage.book.pages.values())
      if (which(page)) this.#files.write(page, strategy(page), false);
  }

  remove(vm: string): void {
    this.#files.remove(this.#stage.book.page(vm));
  }

  makeRoom(): void {
    this.#stage.place.makeRoom();
    const open = this.#stage.book.fills.find(({ to }) => to === Number.POSITIVE_INFINITY);
    // What had no room may be found out a little later.
    if (open !== undefined) open.to = Date.now() + 5000;
  }

  #count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  async #toHost(deed: HostDeed): Promise<void> {
    const { daemon, place, book } = this.#stage;
    this.#count(deed.kind);
    switch (deed.kind) {
      case 'kill-daemon':
        return await daemon.end('SIGKILL');
      case 'end-daemon':
        return await daemon.end('SIGTERM');
      case 'aim':
        return await daemon.end('SIGKILL', deed);
      case 'fill-disk':
        if (!place.isSmall) return;
        book.fills.push({ from: Date.now(), to: Number.POSITIVE_INFINITY });
        place.fill();
        await sleep(deed.forMs);
        this.makeRoom();
    }
  }

  async #toVm(vm: string, deed: VmDeed): Promise<void> {
    const page = this.#stage.book.page(vm);
    switch (deed.kind) {
      case 'key':
      case 'monitor':
      case 'signal':
      case 'freeze':
        return await this.#toQemu(page, deed);
      case 'command':
        return await this.#command(page, deed.verb, deed.body);
      case 'instance':
        return await this.#instance(page, deed.verb);
      case 'write':
        this.#count(page.file.text === undefined ? 'create-file' : 'write-file');
        this.#files.write(page, deed.strategy, deed.newTemplate);
        return;
      case 'break-file':
        this.#count(deed.kind);
        this.#files.break(page);
        return;
      case 'remove-file':
        this.#count(deed.kind);
        this.#files.remove(page);
    }
  }

  async #toQemu(page: VmPage, deed: QemuDeed): Promise<void> {
    const { place, story } = this.#stage;
    const vm = page.member.name;
    const qemu = qemusAmong(processesOf(place.dir)).find((candidate) => candidate.vm === vm);
    if (qemu === undefined) return;
    const { uid, pid } = qemu;
    if (deed.kind === 'monitor' && deed.command === 'inject-nmi' && !this.#isUp(vm, uid)) return;
    if (deed.kind === 'monitor' && deed.command === 'system_reset' && this.#isFirmware(uid)) return;
    const terminates = page.member.reboot === 'Terminate';
    page.done.push({
      from: Date.now(),
      to: Number.POSITIVE_INFINITY,
      uid,
      ...effects(deed, terminates),
    });
    this.#count(nameOf(deed));
    story.tell('to QEMU', { vm, uid, pid, deed });
    switch (deed.kind) {
      case 'key':
        await press(place.monitor(uid), deed.key);
        return;
      case 'monitor':
        await command(place.monitor(uid), deed.command);
        return;
      case 'signal':
        this.#signal(qemu, deed.signal);
        return;
      case 'freeze':
        this.#signal(qemu, 'SIGSTOP');
        await sleep(deed.forMs);
        this.#signal(qemu, 'SIGCONT');
    }
  }

  /** A kernel that panics before it has loaded its panic device's driver stands still: a known limit. */
  #isUp(vm: string, uid: string): boolean {
    const { boots } = readConsole(join(this.#stage.place.instance(uid), 'console.log'));
    return boots.length === 1 && this.#stage.book.boots(vm, uid, 0, Date.now()) === 1;
  }

  /** Firmware that is reset while it copies itself hangs. Resets by solovirt wait for it, but this one goes past it. */
  #isFirmware(uid: string): boolean {
    const { events } = readEvidence(this.#stage.place.instance(uid));
    const began = events.findLast(({ event }) => event === 'RESUME' || event === 'RESET');
    return began !== undefined && Date.now() - (began.timestamp?.seconds ?? 0) * 1000 < 2000;
  }

  /** Only if it is still the same process. */
  #signal({ pid, startTime }: Qemu, signal: NodeJS.Signals): void {
    const now = processesOf(this.#stage.place.dir).find((process) => process.pid === pid);
    if (now?.startTime === startTime) process.kill(pid, signal);
  }

  async #command(page: VmPage, verb: Verb, body: object): Promise<void> {
    this.#count(verb);
    const vm = page.member.name;
    const fact: Extract<Fact, { kind: 'command' }> = {
      kind: 'command',
      verb,
      answer: 'none',
      from: Date.now(),
      to: Number.POSITIVE_INFINITY,
    };
    page.facts.push(fact);
    const grace = 'gracePeriod' in body ? body.gracePeriod : undefined;
    const done: Done = {
      from: fact.from,
      to: Number.POSITIVE_INFINITY,
      ...NOTHING_DONE,
      ends: verb === 'start' ? [] : BY_COMMAND,
      deafens: grace === 1,
      pauses: 'paused' in body,
    };
    page.done.push(done);
    if (verb === 'stop') page.file.rewritten.add('Halted');
    if (verb === 'start') page.file.rewritten.add('Always');
    const answer = await ask(this.#stage.place.socket, 'PUT', commandPath(vm, verb), body);
    this.#expect(vm, verb, answer, [202, 404, 409, 503]);
    if (answer === undefined) return;
    fact.to = Date.now();
    if (answer.code === 202) fact.answer = 'granted';
    else {
      done.to = done.from;
      fact.answer = 'refused';
      if (!aboutState(answer)) page.facts = page.facts.filter((other) => other !== fact);
    }
  }

  async #instance(page: VmPage, verb: InstanceVerb): Promise<void> {
    this.#count(verb);
    const vm = page.member.name;
    const resets = verb === 'reset' || verb === 'softreboot' ? 1 : 0;
    const done: Done = {
      ...NOTHING_DONE,
      from: Date.now(),
      to: Number.POSITIVE_INFINITY,
      resets,
      softReboots: verb === 'softreboot',
      pauses: verb === 'pause',
    };
    page.done.push(done);
    const answer = await ask(this.#stage.place.socket, 'PUT', instancePath(vm, verb), {});
    this.#expect(vm, verb, answer, [200, 404, 409, 503]);
    if (answer?.code === 404 || answer?.code === 409) done.to = done.from - 1;
    // A soft reboot takes its time; the others are over when they are answered.
    else if (answer !== undefined && verb !== 'softreboot') done.to = Date.now();
  }

  /** A daemon that dies gives no answer; none may be confused, and the host is only at fault when it is. */
  #expect(vm: string, verb: string, answer: Answer | undefined, codes: readonly number[]): void {
    const { story, book } = this.#stage;
    story.tell('answer', { vm, verb, code: answer?.code, text: answer?.text.slice(0, 300) });
    if (answer === undefined) return;
    const now = Date.now();
    const isCommand = codes.includes(202);
    const full = book.isFull(now - 30_000, now);
    if (codes.includes(answer.code) && (answer.code !== 503 || !isCommand || full)) return;
    throw new Violation(
      'every answer is one that the API documents',
      `${verb} was answered with ${answer.code}: ${answer.text}`,
      vm,
    );
  }
}

const BY_COMMAND = ['StoppedByCommand', 'ForcedOff', 'GracePeriodExpired'] as const;

/** Not about the file or the disk. */
function aboutState({ code, text }: Answer): boolean {
  if (code !== 409) return false;
  return /is already running|is not running|does not support manual|only supports manual/.test(
    text,
  );
}
