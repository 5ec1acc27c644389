import { expect, test } from 'vitest';
import type { GuestAgentInfo } from '../../../src/api/contract-guest.ts';
import { filesystemTable, guestPage, staleness } from '../../../src/cli/format/guest-page.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const BARE: GuestAgentInfo = {
  kind: 'VirtualMachineInstanceGuestAgentInfo',
  apiVersion: 'subresources.kubevirt.io/v1',
  observedAt: '2026-11-22T12:00:00Z',
};

test('a guest that tells hardly anything has a short page', () => {
  expect(guestPage({ told: BARE, interfaces: [] }, NOW)).toBe(
    'Host name:   -\nSystem:      -\nKernel:      -\nTime zone:   -\nAgent:       -\n',
  );
});

test('a frozen guest says so, and what ends it', () => {
  const page = guestPage({ told: { ...BARE, fsFreezeStatus: 'frozen' }, interfaces: [] }, NOW);
  expect(page).toContain('File systems: frozen');
  expect(page).toContain('solovirt unfreeze');
});

test.for([
  [0, 0, '-', '-'],
  [512, 1023, '1023 B', '512 B (50%)'],
  [1, 1024, '1.0 KiB', '1 B (0%)'],
  [3 * 1024 ** 3, 10 * 1024 ** 3, '10 GiB', '3.0 GiB (30%)'],
  [0, 9 * 1024 ** 6, '9216 PiB', '0 B (0%)'],
] as const)('%i of %i bytes', ([usedBytes, totalBytes, size, used]) => {
  const shown = filesystemTable(
    [{ diskName: 'vda', mountPoint: '/', fileSystemType: 'ext4', usedBytes, totalBytes }],
    NOW,
  );
  expect(shown.split('\n')[1]?.split(/ {3,}/)).toEqual(['/', 'ext4', size, used, 'vda']);
});

test('an old answer is told from a new one', () => {
  expect(staleness(BARE, NOW + 2000)).toBeUndefined();
  expect(staleness(BARE, NOW + 60_000)).toContain('60s ago');
});
