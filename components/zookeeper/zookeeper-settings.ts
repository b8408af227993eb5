/** The settings of ZooKeeper's members: `zoo.cfg`, and the script that starts one. */
import { podHost } from "../../platform/names.ts";

export const CLIENT_PORT = 2181;
export const FOLLOWER_PORT = 2888;
export const ELECTION_PORT = 3888;
/** Admin server: JSON about the member. Whoever reaches it may also reset its statistics. */
export const ADMIN_PORT = 8080;
export const DATA_PATH = "/data";
export const PASSWORDS_PATH = "/run/passwords";
/** Who sets the ensemble up: rights do not hold for it. */
export const SUPERUSER = "super";
/** The account that members know each other by. */
export const QUORUM_USER = "quorum";

export interface EnsembleArgs {
  /** Name of the StatefulSet. */
  readonly name: string;
  readonly namespace: string;
  readonly headlessService: string;
  readonly replicas: number;
}

/** Each member as its peers reach it. */
export function memberHosts({ name, namespace, headlessService, replicas }: EnsembleArgs): string[] {
  return Array.from({ length: replicas }, (_, ordinal) => podHost(name, ordinal, headlessService, namespace));
}

/** `zoo.cfg`. Names of options are those of ZooKeeper's administrator's guide, 3.9. */
export function zooCfg(args: EnsembleArgs): string {
  const members = memberHosts(args).map(
    (host, ordinal) => `server.${ordinal + 1}=${host}:${FOLLOWER_PORT}:${ELECTION_PORT};${CLIENT_PORT}`,
  );
  const settings = {
    dataDir: DATA_PATH,
    // One tick in ms; the others are numbers of ticks. A busy node is slow, not dead.
    tickTime: 2000,
    initLimit: 30,
    syncLimit: 10,
    ...(args.replicas === 1 ? { clientPort: CLIENT_PORT } : {}),
    // By default a log takes 64 MiB at once.
    preAllocSize: 4096,
    "autopurge.snapRetainCount": 3,
    "autopurge.purgeInterval": 1,
    // A member that has lost its data would else vote as if there had never been any. The script of the start says which may.
    "db.autocreate": false,
    "4lw.commands.whitelist": "ruok,srvr",
    "admin.serverPort": ADMIN_PORT,
    "admin.snapshot.enabled": false,
    "admin.restore.enabled": false,
    "authProvider.sasl": "org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
    "enforce.auth.enabled": true,
    "enforce.auth.schemes": "sasl",
    superUser: SUPERUSER,
    ...(args.replicas === 1
      ? {}
      : {
          // A member's own name may not be known yet, or with its last address, when it starts.
          quorumListenOnAllIPs: true,
          "quorum.auth.enableSasl": true,
          "quorum.auth.learnerRequireSasl": true,
          "quorum.auth.serverRequireSasl": true,
        }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `${[...lines, ...(args.replicas === 1 ? [] : members)].join("\n")}\n`;
}

/**
 * Starts a member: who it is comes from its pod's name, whom it knows from the passwords' files. A member without data may vote only if it is
 * one of the first, of which just more than half are needed to begin an ensemble. The others take the data of those, and vote then.
 */
export function startScript(replicas: number): string {
  const founders = Math.floor(replicas / 2) + 1;
  return `set -eu
ordinal=\${HOSTNAME##*-}
export ZOO_MY_ID=$((ordinal + 1))
accounts=
for file in ${PASSWORDS_PATH}/*/password; do
  name=$(basename "$(dirname "$file")")
  [ "$name" != ${QUORUM_USER} ] || continue
  accounts="$accounts user_$name=\\"$(cat "$file")\\""
done
quorum=$(cat ${PASSWORDS_PATH}/${QUORUM_USER}/password)
module=org.apache.zookeeper.server.auth.DigestLoginModule
umask 077
cat > /tmp/jaas.conf <<JAAS
Server { $module required $accounts; };
QuorumServer { $module required user_${QUORUM_USER}="$quorum"; };
QuorumLearner { $module required username="${QUORUM_USER}" password="$quorum"; };
JAAS
if [ "$ordinal" -lt ${founders} ] && ! ls ${DATA_PATH}/version-2 2> /dev/null | grep -qE "^(snapshot|log)\\."; then touch ${DATA_PATH}/initialize; fi
exec /docker-entrypoint.sh zkServer.sh start-foreground
`;
}

/** Whether the member serves clients, which one without a quorum does not. */
export const SERVES = `exec 3<> /dev/tcp/127.0.0.1/${CLIENT_PORT} && echo srvr >&3 && grep -q "^Mode: " <&3`;
