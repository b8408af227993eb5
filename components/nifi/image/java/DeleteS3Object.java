package millrace.nifi;

import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

@Tags({"s3", "delete", "millrace"})
@CapabilityDescription(
    "Deletes an object, unless it was written anew since it was listed (attribute `s3.etag`). One that is gone is as good as deleted.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
public final class DeleteS3Object extends ObjectProcessor {
  @Override
  String action() {
    return "delete";
  }

  @Override
  FlowFile handle(ProcessContext context, ProcessSession session, FlowFile flowFile, Place place) {
    try {
      String now = s3().headObject(ask -> ask.bucket(place.bucket()).key(place.key())).eTag().replace("\"", "");
      if (place.etag() == null || place.etag().equals(now)) {
        s3().deleteObject(ask -> ask.bucket(place.bucket()).key(place.key()));
      }
    } catch (NoSuchKeyException error) {
      getLogger().debug("{} is gone already", place.url());
    }
    return flowFile;
  }
}
