package millrace.connect;

/** The version that Connect shows of this program's connectors. */
final class Version {
  static final String TEXT = "1";

  private Version() {}
}
