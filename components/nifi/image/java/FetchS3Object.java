package millrace.nifi;

import java.io.IOException;
import java.util.List;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

@Tags({"s3", "get", "millrace"})
@CapabilityDescription("Reads an object into the FlowFile, in the version that was listed: attribute `s3.etag`, where it is set.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
public final class FetchS3Object extends S3Processor {
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
    try (ResponseInputStream<GetObjectResponse> object =
        s3().getObject(ask -> ask.bucket(bucket).key(key).ifMatch(etag == null ? null : "\"" + etag + "\""))) {
      FlowFile read = session.importFrom(object, flowFile);
      session.getProvenanceReporter().fetch(read, "s3://" + bucket + "/" + key);
      session.transfer(read, SUCCESS);
    } catch (SdkException error) {
      failed(context, session, flowFile, "read " + key + " of bucket " + bucket, error);
    } catch (IOException error) {
      getLogger().error("the answer of S3 was cut off: {}", error.getMessage());
      session.rollback(false);
      context.yield();
    }
  }
}
