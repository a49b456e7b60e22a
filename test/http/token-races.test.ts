import { describe, expect, test } from 'vitest';
import type { Grant } from '../../functions/core/oauth/grant.ts';
import type { HttpResponse } from '../../functions/http/message.ts';
import { anAuthorizationServer, bodyOf, type Tokens } from '../support/authorization-server.ts';

const REPETITIONS = 50;
type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

/** Holds everybody who comes to `operation` until `count` are there. */
function createBarrier(operation: string, count: number) {
  let waiting: (() => void)[] = [];
  let armed = false;
  return {
    arm: () => {
      armed = true;
    },
    pause: async (name: string, moment: 'before' | 'after') => {
      if (!armed || name !== operation || moment !== 'before') return;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length < count) return;
        armed = false;
        for (const go of waiting) go();
        waiting = [];
      });
    },
  };
}

function grantOf(server: Server): Grant {
  const grant = server.store.contents().find((item): item is Grant => 'codeExpires' in item);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
}

const good = (responses: readonly HttpResponse[]) => responses.filter(({ status }) => status === 200);

describe('many at once', () => {
  test.each([2, 10, 50])('T13 of %i who redeem one code one wins, and the replay revokes the family', async (count) => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const barrier = createBarrier('grants.redeem', count);
      const server = await anAuthorizationServer({ store: { pause: barrier.pause } });
      const code = await server.code();
      barrier.arm();
      const responses = await Promise.all(Array.from({ length: count }, () => server.redeem(code)));
      expect(good(responses)).toHaveLength(1);
      for (const lost of responses.filter(({ status }) => status !== 200)) {
        expect(bodyOf(lost)).toMatchObject({ error: 'invalid_grant' });
      }
      const [winner] = good(responses);
      const { refresh_token: token } = bodyOf<Tokens>(winner ?? { status: 0 });
      expect((await server.refresh(token)).status).toBe(400);
    }
  });

  test.each([2, 10])('F7 of %i who refresh one token all get the one successor', async (count) => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const barrier = createBarrier('grants.rotate', count);
      const server = await anAuthorizationServer({ store: { pause: barrier.pause } });
      const { refresh_token: token } = await server.tokens();
      barrier.arm();
      const responses = await Promise.all(Array.from({ length: count }, () => server.refresh(token)));
      expect(good(responses)).toHaveLength(count);
      const successors = new Set(responses.map((response) => bodyOf<Tokens>(response).refresh_token));
      expect(successors.size).toBe(1);
      expect(grantOf(server).family?.generation).toBe(1);
      expect((await server.refresh([...successors][0] ?? '')).status).toBe(200);
    }
  });

  test.each([2, 10])('F6 F7 strict: of %i one wins and the family is dead', async (count) => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const barrier = createBarrier('grants.rotate', count);
      const server = await anAuthorizationServer({ refreshGrace: 0, store: { pause: barrier.pause } });
      const { refresh_token: token } = await server.tokens();
      barrier.arm();
      const responses = await Promise.all(Array.from({ length: count }, () => server.refresh(token)));
      expect(good(responses)).toHaveLength(1);
      expect(grantOf(server)).toMatchObject({ status: 'revoked', family: { generation: 1 } });
    }
  });

  test('F8 a family that is revoked while a refresh stands between check and write has no successor', async () => {
    let resume = () => {};
    let held = false;
    const server = await anAuthorizationServer({
      store: {
        pause: async (operation, moment) => {
          if (!held || operation !== 'grants.rotate' || moment !== 'before') return;
          held = false;
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        },
      },
    });
    const { refresh_token: first } = await server.tokens();
    const { refresh_token: second } = bodyOf<Tokens>(await server.refresh(first));
    held = true;
    const slow = server.refresh(second);
    await new Promise((resolve) => setTimeout(resolve, 5));
    server.clock.advance('1m');
    expect((await server.refresh(first)).status).toBe(400);
    resume();
    expect(bodyOf(await slow)).toMatchObject({ error: 'invalid_grant' });
    expect(grantOf(server).status).toBe('revoked');
    expect((await server.refresh(second)).status).toBe(400);
  });

  test('T16 redeeming while the grant is revoked: whichever comes first, nothing is left alive', async () => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const server = await anAuthorizationServer();
      const code = await server.code();
      const { id } = grantOf(server);
      const order = repetition % 2 === 0;
      const [redeemed] = await Promise.all(
        order
          ? [server.redeem(code), server.store.grants.revoke(id)]
          : [Promise.resolve(server.store.grants.revoke(id)).then(() => server.redeem(code))],
      );
      if (redeemed?.status === 200) {
        const { refresh_token: token } = bodyOf<Tokens>(redeemed);
        expect((await server.refresh(token)).status).toBe(400);
      }
      expect(grantOf(server).status).toBe('revoked');
    }
  });

  test('V13 revoking beside ten refreshes leaves no refresh token alive', async () => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const server = await anAuthorizationServer();
      const { refresh_token: token } = await server.tokens();
      const refreshes = Array.from({ length: 10 }, () => server.refresh(token));
      const [, ...responses] = await Promise.all([server.revoke({ token, client_id: 'client-a' }), ...refreshes]);
      for (const response of good(responses)) {
        expect((await server.refresh(bodyOf<Tokens>(response).refresh_token)).status).toBe(400);
      }
      expect(grantOf(server).status).toBe('revoked');
    }
  });
});

describe('when something fails', () => {
  test('K17 F18 a signing key that does not answer spends neither code nor family', async () => {
    let down = true;
    const server = await anAuthorizationServer({
      signer: (real) => ({
        kid: real.kid,
        sign: async (input) => {
          if (down) throw new Error('ThrottlingException: Rate exceeded');
          return real.sign(input);
        },
      }),
    });
    const code = await server.code();
    const before = JSON.stringify(server.store.contents());
    const refused = await server.redeem(code);
    expect(refused.status).toBe(503);
    expect(refused.headers).toMatchObject({ 'retry-after': '2' });
    expect(bodyOf(refused)).toMatchObject({ error: 'temporarily_unavailable' });
    expect(refused.body).not.toContain('Throttling');
    expect(JSON.stringify(server.store.contents())).toBe(before);
    down = false;
    const { refresh_token: token } = bodyOf<Tokens>(await server.redeem(code));
    down = true;
    expect((await server.refresh(token)).status).toBe(503);
    down = false;
    expect((await server.refresh(token)).status).toBe(200);
  });

  test.each(['registry.find', 'grants.find', 'grants.redeem'])(
    'K18 a table that fails at %s spends nothing',
    async (at) => {
      let down = false;
      const pause = async (operation: string, moment: 'before' | 'after') => {
        if (down && operation === at && moment === 'before') throw new Error('ProvisionedThroughputExceededException');
      };
      const server = await anAuthorizationServer({ store: { pause } });
      const code = await server.code();
      down = true;
      const refused = await server.redeem(code);
      expect([refused.status, refused.headers?.['retry-after']]).toEqual([503, '2']);
      down = false;
      expect((await server.redeem(code)).status).toBe(200);
    },
  );

  test('a replay that cannot be punished now is answered 503, so that it comes again', async () => {
    let down = false;
    const pause = async (operation: string) => {
      if (down && operation === 'grants.revoke') throw new Error('down');
    };
    const server = await anAuthorizationServer({ store: { pause } });
    const code = await server.code();
    const { refresh_token: token } = bodyOf<Tokens>(await server.redeem(code));
    down = true;
    expect((await server.redeem(code)).status).toBe(503);
    down = false;
    expect((await server.redeem(code)).status).toBe(400);
    expect((await server.refresh(token)).status).toBe(400);
  });

  test.each([10, 0])(
    'K19 every write applied twice, as by an SDK that lost the answer, succeeds (grace %i s)',
    async (refreshGrace) => {
      const server = await anAuthorizationServer({ refreshGrace, store: { repeatWrites: true } });
      const { refresh_token: first } = await server.tokens();
      const second = bodyOf<Tokens>(await server.refresh(first)).refresh_token;
      const third = bodyOf<Tokens>(await server.refresh(second)).refresh_token;
      expect(grantOf(server)).toMatchObject({ status: 'active', family: { generation: 2 } });
      expect((await server.refresh(third)).status).toBe(200);
      expect(server.log.warnings).toEqual([]);
    },
  );

  test('F19 F21 a rotation whose answer is lost: the old token gives the successor, until the grace is over', async () => {
    let lose = false;
    const pause = async (operation: string, moment: 'before' | 'after') => {
      if (!lose || operation !== 'grants.rotate' || moment !== 'after') return;
      lose = false;
      throw new Error('socket hang up');
    };
    for (const [wait, status] of [
      ['5s', 200],
      ['15s', 400],
    ] as const) {
      const server = await anAuthorizationServer({ store: { pause } });
      const { refresh_token: token } = await server.tokens();
      lose = true;
      expect((await server.refresh(token)).status).toBe(503);
      server.clock.advance(wait);
      expect((await server.refresh(token)).status).toBe(status);
      expect(grantOf(server).family?.generation).toBe(1);
    }
  });

  test('V14 a revocation that cannot be written is 503, and the family is as it was', async () => {
    let down = false;
    const pause = async (operation: string) => {
      if (down && operation === 'grants.revokeHeld') throw new Error('down');
    };
    const server = await anAuthorizationServer({ store: { pause } });
    const { refresh_token: token } = await server.tokens();
    down = true;
    const refused = await server.revoke({ token, client_id: 'client-a' });
    expect([refused.status, refused.headers?.['retry-after']]).toEqual([503, '2']);
    down = false;
    expect((await server.refresh(token)).status).toBe(200);
  });
});
