/** Started by hand: `node tests/servers/aws/main.ts [--port N]`; prints what a shell needs, and stays until it is told to end. */
import { parseArgs } from 'node:util';
import { startAws } from './server.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'page-size': { type: 'string', default: '1000' } },
});
const aws = await startAws({ port: Number(values.port), pageSize: Number(values['page-size']) });
for (const [name, value] of Object.entries(aws.env())) console.log(`export ${name}='${value}'`);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    for (const each of aws.calls) console.error(`${each.action} ${each.answer}`);
    for (const each of aws.unknown()) console.error(`unknown: ${each}`);
    await aws.close();
  });
