import { defineConfig } from 'vitest/config';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24)
  throw new Error(`tests need Node 24 or later, this is ${process.version}; use "npm test"`);

export default defineConfig({
  test: {
    // One tier after the other, the fast ones first.
    projects: [
      // Pure code has no state to isolate, and loading it once is what keeps this tier fast.
      tier('unit', 0, { isolate: false, testTimeout: 30_000 }),
      tier('process', 1, { testTimeout: 60_000 }),
      tier('qemu', 2, { testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 }),
      tier('e2e', 3, { testTimeout: 90_000, hookTimeout: 60_000, maxWorkers: 2 }),
      tier('system', 4, { testTimeout: 120_000, hookTimeout: 60_000, maxWorkers: 2 }),
      ...onRequest(tier('system-guest', 5, { testTimeout: 600_000, maxWorkers: 1 })),
      tier('chaos', 6, { testTimeout: 1_200_000, maxWorkers: 1 }),
    ],
    coverage: { include: ['src/**'] },
  },
});

function tier(name: string, groupOrder: number, options: object): object {
  // What is waited for comes at once, but for a host that has much else to do.
  const patience = { expect: { poll: { timeout: 20_000 } } };
  const include = [`test/${name}/**/*.test.ts`];
  return { test: { name, include, sequence: { groupOrder }, ...patience, ...options } };
}

/** Not without being asked for: it takes minutes and a disk that `npm run test:system` makes. */
function onRequest(project: object): readonly object[] {
  return process.env['SOLOVIRT_SYSTEM_GUEST'] === undefined ? [] : [project];
}
