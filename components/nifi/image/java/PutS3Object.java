package millrace.nifi;

import java.util.List;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.components.Validator;
import org.apache.nifi.expression.ExpressionLanguageScope;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import software.amazon.awssdk.core.sync.RequestBody;

@Tags({"s3", "put", "millrace"})
@CapabilityDescription("Writes the FlowFile as an object. A name that follows from what is written makes writing it twice the same as once.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
public final class PutS3Object extends ObjectProcessor {
  private static final PropertyDescriptor CONTENT_TYPE =
      new PropertyDescriptor.Builder()
          .name("Content Type")
          .description("Media type of the object.")
          .defaultValue("application/octet-stream")
          .required(true)
          .expressionLanguageSupported(ExpressionLanguageScope.FLOWFILE_ATTRIBUTES)
          .addValidator(Validator.VALID)
          .build();

  @Override
  List<PropertyDescriptor> ownProperties() {
    return List.of(OBJECT_KEY, CONTENT_TYPE);
  }

  @Override
  String action() {
    return "write";
  }

  @Override
  FlowFile handle(ProcessContext context, ProcessSession session, FlowFile flowFile, Place place) {
    String type = valueOf(context, CONTENT_TYPE, flowFile);
    RequestBody body = RequestBody.fromContentProvider(() -> session.read(flowFile), flowFile.getSize(), type);
    s3().putObject(ask -> ask.bucket(place.bucket()).key(place.key()).contentType(type), body);
    session.getProvenanceReporter().send(flowFile, place.url());
    return flowFile;
  }
}
