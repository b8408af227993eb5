package millrace.nifi;

import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.FlowFileFilter;

/**
 * FlowFiles of one transaction: its time is limited, so its size is, too. One FlowFile that is larger is a transaction of its own.
 */
final class Batch implements FlowFileFilter {
  static final int MOST_FLOW_FILES = 100;
  static final long MOST_BYTES = 4L << 20;

  private int count;
  private long bytes;

  @Override
  public FlowFileFilterResult filter(FlowFile flowFile) {
    boolean hasRoom = count < MOST_FLOW_FILES && bytes + flowFile.getSize() <= MOST_BYTES;
    if (count > 0 && !hasRoom) return FlowFileFilterResult.REJECT_AND_TERMINATE;
    count++;
    bytes += flowFile.getSize();
    return FlowFileFilterResult.ACCEPT_AND_CONTINUE;
  }
}
