/** The manual pages, read by a program that knows what a manual page has to be. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MANUAL = resolve(import.meta.dirname, '../../../scripts/lib/manual.ts');

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'solovirt-manual-'));
  await execa(process.execPath, [MANUAL, dir, '1.2.3', '2026-11-22'], { stdin: 'ignore' });
});
afterAll(() => rmSync(dir, { recursive: true }));

const pages = (): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\d$/.test(name));

test('there is a page for the command, its settings, its files and its rules', () => {
  expect(pages().toSorted((a, b) => a.localeCompare(b))).toEqual([
    'man1/solovirt.1',
    'man5/solovirt-manifests.5',
    'man5/solovirt.yaml.5',
    'man7/solovirt-images.7',
    'man7/solovirt-networks.7',
    'man7/solovirt-run-strategies.7',
    'man7/solovirt-verdicts.7',
  ]);
});

test('mandoc finds no fault in them', async () => {
  for (const page of pages()) {
    const file = join(dir, page);
    const { all } = await execa('mandoc', ['-T', 'lint', '-W', 'warning', file], {
      all: true,
      reject: false,
    });
    expect(all, page).toBe('');
  }
});

test('the page of the command has every verb with its options', () => {
  const page = readFileSync(join(dir, 'man1/solovirt.1'), 'utf8');
  for (const verb of ['list', 'describe', 'start', 'stop', 'drain', 'daemon', 'completion'])
    expect(page).toMatch(new RegExp(`^\\.SS "solovirt ${verb}\\b`, 'm'));
  expect(page).toContain('.TP\n.B \\-\\-grace\\-period <seconds>\nHow long the guest may take');
  expect(page).toContain('Output format (one of wide, json, yaml, name).');
});
