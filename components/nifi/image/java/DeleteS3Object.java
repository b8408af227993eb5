package millrace.nifi;

import java.util.List;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

@Tags({"s3", "delete", "millrace"})
@CapabilityDescription(
    "Deletes an object, unless it was written anew since it was listed (attribute `s3.etag`). One that is gone is as good as deleted.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
public final class DeleteS3Object extends S3Processor {
  @Override
  List<PropertyDescriptor> ownProperties() {
    return List.of(OBJECT_KEY);
  }

  @Override
  public void onTrigger(ProcessContext context, ProcessSession session) {
    FlowFile flowFile = session.get();
    if (flowFile == null) return;
    String bucket = valueOf(context, BUCKET, flowFile);
    String key = valueOf(context, OBJECT_KEY, flowFile);
    String etag = flowFile.getAttribute("s3.etag");
    try {
      String now = s3().headObject(ask -> ask.bucket(bucket).key(key)).eTag().replace("\"", "");
      if (etag == null || etag.equals(now)) s3().deleteObject(ask -> ask.bucket(bucket).key(key));
      session.transfer(flowFile, SUCCESS);
    } catch (NoSuchKeyException error) {
      session.transfer(flowFile, SUCCESS);
    } catch (SdkException error) {
      failed(context, session, flowFile, "delete " + key + " of bucket " + bucket, error);
    }
  }
}
