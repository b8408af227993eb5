/** The configuration of nginx, as text. What only the pod knows stands as `@NAME@`: the image's `entrypoint.sh` fills it in. */

import { OPENED } from "./audit.ts";

/** A page as nginx sees it. */
export interface Page {
  /** What it is, in the user's words: browsers show it when they ask for the password. */
  readonly title: string;
  /** Where nginx listens for it. */
  readonly port: number;
  /** `<service>.<namespace>.svc:<port>` */
  readonly upstream: string;
  /** As in `GuardRules`. */
  readonly userHeader?: string | undefined;
  readonly paths?: readonly string[] | undefined;
}

/** Path that answers when nginx serves, without a login. */
export const HEALTH_PATH = "/healthz";
const WORK = "@WORK@";

/** Text of `nginx.conf`. @param healthPort Port of nothing but {@link HEALTH_PATH}. */
export function nginxConfig(pages: readonly Page[], healthPort: number): string {
  return `worker_processes 1;
pid ${WORK}/nginx.pid;
error_log stderr warn;
events {
  worker_connections 2048;
}
http {
  # Who opens which page, and who is refused; what a page fetches by itself is neither.
  log_format opened '${OPENED} "$remote_user" "$page_title" $status';
  # Browsers say so over https and on the loopback alone; elsewhere they ask for HTML.
  map "$http_sec_fetch_mode|$http_accept" $is_page {
    default 0;
    "~^navigate\\|" 1;
    "~^\\|.*text/html" 1;
  }
  map "$is_page|$remote_user|$status" $is_told {
    default 0;
    "~^1\\|.+\\|[23]" 1;
    "~\\|.+\\|401$" 1;
  }
  access_log off;
  server_tokens off;
  # nginx makes them all when it starts.
  client_body_temp_path ${WORK}/body;
  proxy_temp_path ${WORK}/proxy;
  fastcgi_temp_path ${WORK}/fastcgi;
  uwsgi_temp_path ${WORK}/uwsgi;
  scgi_temp_path ${WORK}/scgi;
  # Names are asked for again and again: a page may be made anew, or not be there yet.
  resolver @NAME_SERVER@ valid=5s ipv6=off;
  resolver_timeout 5s;
  # What pages take, how long they are silent, and how large clients' headers are is theirs to say.
  client_max_body_size 0;
  large_client_header_buffers 8 64k;
  proxy_buffer_size 64k;
  proxy_buffers 4 64k;
  proxy_buffering off;
  proxy_request_buffering off;
  proxy_http_version 1.1;
  proxy_connect_timeout 5s;
  proxy_read_timeout 3600s;
  proxy_send_timeout 3600s;
  map $http_upgrade $connection_header {
    default upgrade;
    "" close;
  }
  # An ingress controller says whether people come by https.
  map $http_x_forwarded_proto $outer_scheme {
    default http;
    https https;
  }
  # A browser sends the password along whoever has written the page that asks, and says in Origin who has.
  map "$http_origin|$http_host" $is_foreign {
    default 1;
    "~^\\|" 0;
    "~*^https?://(?<origin_host>[^|]+)\\|\\k<origin_host>$" 0;
  }
  # Ways to write a path that a server behind reads as another one.
  map $request_uri $is_disguised {
    default 0;
    "~*^[^?]*(;|\\\\|%3b|%2f|%5c|%2e)" 1;
  }
  server {
    listen ${healthPort};
    location = ${HEALTH_PATH} {
      return 200 "ok\\n";
    }
    location / {
      return 404;
    }
  }
${pages.map(server).join("")}}
`;
}

function server(page: Page): string {
  const { title, port, paths } = page;
  const forward = `      set $page http://${page.upstream.replace(/(:\d+)$/, ".@DOMAIN@$1")};
      proxy_pass $page;
`;
  const locations = paths?.map((path) =>
    path.endsWith("*") ? `location ^~ ${path.slice(0, -1)}` : `location = ${path}`,
  ) ?? ["location /"];
  const rest = paths === undefined ? [] : ["    location / {\n      return 404;\n    }\n"];
  return `  server {
    listen ${port};
    set $page_title "${title}";
    access_log /dev/stdout opened if=$is_told;
    auth_basic "${title}";
    auth_basic_user_file ${WORK}/people;
    if ($is_foreign) {
      return 403;
    }
${paths === undefined ? "" : "    if ($is_disguised) {\n      return 400;\n    }\n"}${headers(page)
    .map(([name, value]) => `    proxy_set_header ${name} ${value};\n`)
    .join("")}${locations.map((location) => `    ${location} {\n${forward}    }\n`).join("")}${rest.join("")}  }
`;
}

function headers({ userHeader }: Page): [name: string, value: string][] {
  return [
    ["Host", "$http_host"],
    ["X-Forwarded-Host", "$http_host"],
    ["X-Forwarded-Proto", "$outer_scheme"],
    ["X-Forwarded-For", "$proxy_add_x_forwarded_for"],
    ["Upgrade", "$http_upgrade"],
    ["Connection", "$connection_header"],
    // The password is none of the page's business.
    ["Authorization", '""'],
    ...(userHeader === undefined ? [] : [[userHeader, "$remote_user"] as [string, string]]),
  ];
}
