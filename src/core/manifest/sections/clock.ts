/** `domain.clock`: what the guest's clock shows at first, and the timers of the board. Defaults are the machine type's. */
import type { ClockSpec } from '../../model/machine.ts';
import { quoted } from '../field-path.ts';
import { type Found, flag, integer, oneOf, only, text, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

/** More than any time zone, and what a date can hold. */
const MOST_SECONDS = 10 * 366 * 86_400;
const HPET_POLICY = 'QEMU delays the ticks of this timer';

const TIMER = object({
  type: 'Timer',
  fields: {
    hpet: object({
      type: 'HPETTimer',
      fields: {
        present: flag,
        tickPolicy: oneOf(['delay'], {
          refused: { catchup: HPET_POLICY, merge: HPET_POLICY, discard: HPET_POLICY },
        }),
      },
    }),
    kvm: object({ type: 'KVMTimer', fields: { present: flag } }),
    pit: object({
      type: 'PITTimer',
      fields: {
        present: only(true),
        tickPolicy: oneOf(['delay', 'discard'], {
          refused: { catchup: 'QEMU has no such policy for this timer' },
        }),
      },
    }),
    rtc: object({
      type: 'RTCTimer',
      fields: {
        present: only(true),
        tickPolicy: oneOf(['delay', 'catchup']),
        track: oneOf(['guest', 'wall']),
      },
    }),
  },
  marks: ['hpet', 'kvm', 'pit', 'rtc'],
});

export const CLOCK = object({
  type: 'Clock',
  fields: {
    utc: object({
      type: 'ClockOffsetUTC',
      fields: { offsetSeconds: integer(-MOST_SECONDS, MOST_SECONDS) },
    }),
    timezone: text(checkZone),
    timer: TIMER,
  },
  marks: ['utc'],
});

type Clock = Found<ValueOf<typeof CLOCK>> | undefined;

function checkZone(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    return `${quoted(zone)} is not a time zone such as Europe/Rome`;
  }
}

export function resolveClock(clock: Clock, report: Report): ClockSpec | undefined {
  const { utc, timezone, timer } = clock?.value.get ?? {};
  if (utc && timezone)
    report.error('mutually-exclusive', timezone, `${utc.path} is there too; keep one of the two`);
  const { hpet, pit, rtc } = timer?.value.get ?? {};
  const offset = utc?.value.get.offsetSeconds;
  const ofPit = pit?.value.get.tickPolicy;
  const { tickPolicy: ofRtc, track } = rtc?.value.get ?? {};
  const found: ClockSpec = {
    ...(offset && { offsetSeconds: offset.value }),
    ...(timezone && { timezone: timezone.value }),
    ...(hpet && { hpet: hpet.value.get.present?.value ?? true }),
    ...(ofPit && { pitTickPolicy: ofPit.value }),
    ...(ofRtc && { rtcTickPolicy: ofRtc.value }),
    ...(track && { rtcTrack: track.value }),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

/** KVM's clock is a feature of the CPU; undefined: as the model has it. */
export function wantsKvmClock(clock: Clock): boolean | undefined {
  const kvm = clock?.value.get.timer?.value.get.kvm;
  return kvm && (kvm.value.get.present?.value ?? true);
}
