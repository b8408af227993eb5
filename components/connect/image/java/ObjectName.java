package millrace.connect;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an object with records of one partition, which says which records it has: the first and the last by their
 * offsets, and the time of the first. A record that is delivered again makes the same name; a topic that was made anew has
 * the same offsets and other times.
 */
record ObjectName(String folder, String topic, String date, int partition, long first, long last, long time) {
  private static final Pattern NAME =
      Pattern.compile("^(.*?)([^/]+)/date=([^/]+)/\\2\\.p(\\d{1,9})\\.o(\\d{19})-(\\d{19})\\.t(-?\\d{1,19})\\.jsonl$");

  /** @return {@code null} where the name is none that this program gives */
  static ObjectName read(String key) {
    Matcher found = NAME.matcher(key);
    if (!found.matches()) return null;
    return new ObjectName(
        found.group(1),
        found.group(2),
        found.group(3),
        Integer.parseInt(found.group(4)),
        Long.parseLong(found.group(5)),
        Long.parseLong(found.group(6)),
        Long.parseLong(found.group(7)));
  }

  /** The day of a record in UTC. */
  static String dateOf(Long time) {
    if (time == null || time < 0) return "unknown";
    LocalDate date = Instant.ofEpochMilli(time).atZone(ZoneOffset.UTC).toLocalDate();
    return date.toString();
  }

  /** The begin of the names of all objects that begin with this one's first record. */
  String begin() {
    return "%s%s/date=%s/%s.p%d.o%019d-".formatted(folder, topic, date, topic, partition, first);
  }

  String key() {
    return "%s%019d.t%d.jsonl".formatted(begin(), last, time);
  }

  /** What its records belong to: topic and partition. */
  String stream() {
    return topic + ".p" + partition;
  }
}
