package millrace.nifi;

import java.io.IOException;
import java.util.List;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** A processor that does something to the object of each FlowFile. */
public abstract class ObjectProcessor extends S3Processor {
  static final String ERROR = "error";

  /** @param etag of the object when it was listed; null where nobody has listed it */
  record Place(String bucket, String key, String etag) {
    String url() {
      return "s3://" + bucket + "/" + key;
    }
  }

  @Override
  List<PropertyDescriptor> ownProperties() {
    return List.of(OBJECT_KEY);
  }

  /** What is done to an object, as an error names it: `write`. */
  abstract String action();

  /** @return the FlowFile for `success` */
  abstract FlowFile handle(ProcessContext context, ProcessSession session, FlowFile flowFile, Place place)
      throws IOException;

  @Override
  public final void onTrigger(ProcessContext context, ProcessSession session) {
    FlowFile flowFile = session.get();
    if (flowFile == null) return;
    Place place =
        new Place(
            valueOf(context, BUCKET, flowFile),
            valueOf(context, OBJECT_KEY, flowFile),
            flowFile.getAttribute("s3.etag"));
    try {
      session.transfer(handle(context, session, flowFile, place), SUCCESS);
    } catch (SdkException error) {
      String words = told(place, words(error));
      if (isForGood(error)) session.transfer(session.putAttribute(flowFile, ERROR, words), FAILURE);
      else again(context, session);
    } catch (IOException error) {
      told(place, error.getMessage());
      again(context, session);
    }
  }

  private String told(Place place, String why) {
    String words = "S3 does not " + action() + " " + place.key() + " of bucket " + place.bucket() + ": " + why;
    getLogger().error(words);
    return words;
  }

  private static void again(ProcessContext context, ProcessSession session) {
    session.rollback(false);
    context.yield();
  }

  private static boolean isForGood(SdkException error) {
    return error instanceof S3Exception refused
        && List.of(400, 404, 412).contains(refused.statusCode())
        && !(error instanceof NoSuchBucketException);
  }
}
