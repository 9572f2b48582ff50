/** In a network namespace of its own, beside nothing: the router of one VPC. argv: address and prefix of its bridge. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

const [address = ''] = process.argv.slice(2);
const ip = (...args: string[]) => execFileSync('ip', args);
ip('link', 'set', 'lo', 'up');
ip('link', 'add', 'br0', 'type', 'bridge');
ip('address', 'add', address, 'dev', 'br0');
ip('link', 'set', 'br0', 'up');
writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
// What the instances ask of the world leaves through slirp4netns: 10.0.2.2 is this computer's loopback.
const WAY_OUT = `table ip way-out {
  chain post {
    type nat hook postrouting priority 100;
    oifname "tap0" masquerade
  }
}
`;
execFileSync('nft', ['-f', '-'], { input: WAY_OUT });

/** A connection to a public address, handed over by the process that listens there. */
process.on('message', (to: { address: string; port: number }, socket: Socket | undefined) => {
  if (!socket) return;
  const inner = connect({ host: to.address, port: to.port, noDelay: true });
  const end = () => {
    socket.destroy();
    inner.destroy();
  };
  socket.on('error', end).on('close', end);
  inner.on('error', end).on('close', end);
  socket.pipe(inner);
  inner.pipe(socket);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
