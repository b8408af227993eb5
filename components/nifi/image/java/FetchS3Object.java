package millrace.nifi;

import java.io.IOException;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

@Tags({"s3", "get", "millrace"})
@CapabilityDescription("Reads an object into the FlowFile, in the version that was listed: attribute `s3.etag`, where it is set.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
public final class FetchS3Object extends ObjectProcessor {
  @Override
  String action() {
    return "read";
  }

  @Override
  FlowFile handle(ProcessContext context, ProcessSession session, FlowFile flowFile, Place place) throws IOException {
    String version = place.etag() == null ? null : "\"" + place.etag() + "\"";
    try (ResponseInputStream<GetObjectResponse> object =
        s3().getObject(ask -> ask.bucket(place.bucket()).key(place.key()).ifMatch(version))) {
      FlowFile read = session.importFrom(object, flowFile);
      session.getProvenanceReporter().fetch(read, place.url());
      return read;
    }
  }
}
