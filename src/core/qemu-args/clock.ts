/** The guest's clock. The date is that of the guest when its machine starts; from there on it goes with the host's. */
import type { ClockSpec } from '../model/machine.ts';
import type { InstanceSpec } from '../model/virtual-machine.ts';
import type { Accelerator } from './input.ts';

/** @param now Unix milliseconds */
export function clockArgs(
  { clock = {} }: InstanceSpec,
  accelerator: Accelerator,
  now: number,
): readonly string[] {
  const { rtcTrack, rtcTickPolicy, pitTickPolicy } = clock;
  const rtc = [
    baseOf(clock, now),
    ...(rtcTrack === undefined ? [] : [`clock=${rtcTrack === 'guest' ? 'vm' : 'host'}`]),
    ...(rtcTickPolicy === 'catchup' ? ['driftfix=slew'] : []),
  ].flat();
  return [
    ...(rtc.length === 0 ? [] : ['-rtc', rtc.join(',')]),
    // Without KVM the timer is another, which always delays.
    ...(pitTickPolicy === undefined || accelerator !== 'kvm'
      ? []
      : ['-global', `driver=kvm-pit,property=lost_tick_policy,value=${pitTickPolicy}`]),
  ];
}

function baseOf({ offsetSeconds, timezone }: ClockSpec, now: number): readonly string[] {
  if (timezone !== undefined) return [`base=${dateIn(timezone, now)}`];
  if (offsetSeconds === undefined) return [];
  return [`base=${dateIn('UTC', now + offsetSeconds * 1000)}`];
}

/** `2026-11-29T00:30:00`, as that zone's clocks show it. */
function dateIn(timeZone: string, at: number): string {
  const numeric = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en', { timeZone, ...numeric, ...time });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const of = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}:${of('second')}`;
}
