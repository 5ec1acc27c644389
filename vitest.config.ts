import { defineConfig } from 'vitest/config';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24)
  throw new Error(`tests need Node 24 or later, this is ${process.version}; use "npm test"`);

export default defineConfig({
  test: {
    projects: [
      // Pure code has no state to isolate, and loading it once is what keeps this tier fast.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
          testTimeout: 30_000,
        },
      },
      { test: { name: 'process', include: ['test/process/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'qemu',
          include: ['test/qemu/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
    coverage: { include: ['src/**'] },
  },
});
