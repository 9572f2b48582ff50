import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capture, header, lines } from '../../lib/shell/capture.ts';

const test = suite('what is kept of output');

test('the newest bytes are kept and the rest counted, however the chunks fall', () => {
  const all = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
  for (const keep of [0, 1, 7, 64, 999, 1000, 5000]) {
    for (const size of [1, 3, 64, 333, 1000]) {
      const kept = capture(keep);
      for (let at = 0; at < all.length; at += size) kept.add(all.subarray(at, at + size));
      const { bytes, dropped } = kept.output();
      assert.is(
        Buffer.compare(Buffer.from(bytes), all.subarray(all.length - Math.min(keep, 1000))),
        0,
        `${keep}/${size}`,
      );
      assert.is(dropped, Math.max(0, 1000 - keep));
    }
  }
});

test('a large limit costs no memory before it is used', () => {
  const before = process.memoryUsage().arrayBuffers;
  const kept = Array.from({ length: 100 }, () => capture(16 * 1024 * 1024));
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
  assert.is(kept.length, 100);
});

test('lines are whole, also when a character is split between chunks, and the last one needs no newline', () => {
  const got: string[] = [];
  const whole = lines(line => got.push(line));
  for (const byte of Buffer.from('é1\r\n\n日本 🚀\nlast')) whole.add(Uint8Array.of(byte));
  whole.end();
  assert.equal(got, ['é1', '', '日本 🚀', 'last']);
});

test('a line without an end is given in pieces, so that it cannot fill the memory', () => {
  const got: number[] = [];
  const whole = lines(line => got.push(line.length));
  for (let n = 0; n < 100; n++) whole.add(Buffer.alloc(10_000, 'x'));
  whole.end();
  assert.ok(got.length > 10);
  assert.is(
    got.reduce((sum, length) => sum + length, 0),
    1_000_000,
  );
});

test('what a login shell printed before the mark is kept apart, wherever the chunks are cut', () => {
  const stream = Buffer.from('welcome\nno newline:mark run 12 13\nthe command');
  for (let cut = 0; cut <= stream.length; cut++) {
    const head = header('mark');
    const first = head.take(stream.subarray(0, cut));
    const found = first ?? head.take(stream.subarray(cut));
    assert.equal(found?.words, ['run', '12', '13']);
    assert.is(`${found?.rest}${first ? stream.subarray(cut) : ''}`, 'the command');
    assert.is(head.noise(), 'welcome\nno newline:');
  }
});

test.run();
