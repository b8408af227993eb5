/** How clients of PostgreSQL notice that the server is gone: a pod that is made anew takes its address along and tells nobody. */
import { answerMs, statementMs } from "../../platform/hops/limits.ts";

const seconds = (ms: number): string => String(Math.round(ms / 1000));

/**
 * For libpq, as the query of a URL. What is sent must be acknowledged by the server's machine, however busy the server
 * itself is; a silent connection is asked whether there is still somebody.
 */
export const libpqParameters = new URLSearchParams({
  connect_timeout: seconds(answerMs),
  tcp_user_timeout: String(answerMs),
  keepalives_idle: "10",
  keepalives_interval: "5",
  keepalives_count: "2",
}).toString();

/** For JDBC, which has nothing but a limit for each answer. */
export const jdbcParameters = new URLSearchParams({
  connectTimeout: seconds(answerMs),
  socketTimeout: seconds(statementMs),
  tcpKeepAlive: "true",
}).toString();
